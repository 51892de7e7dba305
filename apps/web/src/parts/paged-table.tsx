import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Table } from 'antd';
import type { TableProps } from 'antd';
import type { ReactNode } from 'react';
import { get } from '../api.ts';
import { Problem } from './problem.tsx';
import { useSpeech } from './text.ts';
import { Wide } from './wide.tsx';

type Answer<Row> = { items: Row[]; next: string | null; total: { count: number; exact: boolean } };

/** A list that the console pages: more rows are fetched on demand, and the total says how many there are. */
export function PagedTable<Row extends { id: string }>({
  path,
  query,
  columns,
  empty,
  label,
}: {
  path: string;
  query: Readonly<Record<string, string>>;
  columns: NonNullable<TableProps<Row>['columns']>;
  empty: ReactNode;
  label: string;
}): ReactNode {
  const { t, number } = useSpeech();
  const list = useInfiniteQuery({
    queryKey: [path, query],
    queryFn: ({ pageParam, signal }) => get<Answer<Row>>(path, { ...query, ...(pageParam === '' ? {} : { cursor: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 15_000,
  });
  if (list.isError && list.data === undefined) return <Problem error={list.error} onRetry={() => void list.refetch()} />;
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const total = list.data?.pages[0]?.total;
  return (
    <section aria-label={label}>
      <Wide label={label}>
        <Table<Row> size="small" rowKey="id" columns={columns} dataSource={rows} loading={list.isPending} pagination={false} locale={{ emptyText: empty }} />
      </Wide>
      <p>
        {total === undefined ? null : t('common.rows', { count: `${total.exact ? '' : '≥ '}${number(total.count)}` })}{' '}
        {list.hasNextPage ? (
          <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
            {t('common.more')}
          </Button>
        ) : null}
      </p>
    </section>
  );
}

import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Checkbox, Popover, Table } from 'antd';
import type { TableProps } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { get } from '../api.ts';
import { useFilters } from './filters.ts';
import { Problem } from './problem.tsx';
import { useSpeech } from './text.ts';
import { Wide } from './wide.tsx';

type Answer<Row> = { items: Row[]; next: string | null; total: { count: number; exact: boolean } };

/** `sort`: the list's `sort` parameter that orders by this column. `spare`: hidden until the reader asks for it. */
export type Column<Row> = NonNullable<TableProps<Row>['columns']>[number] & { key: string; title: string; sort?: string; spare?: boolean };

/**
 * A list that the console sorts and pages: more rows are fetched on demand, and the total says how many there are.
 * With `sorted` (the console's default order) headers sort, through the URL. `memory` names the reader's choice of columns.
 */
export function PagedTable<Row extends { id: string }>({
  path,
  query,
  columns,
  empty,
  label,
  sorted,
  memory,
  aside,
}: {
  path: string;
  query: Readonly<Record<string, string>>;
  columns: readonly Column<Row>[];
  empty: ReactNode;
  label: string;
  sorted?: string;
  memory?: string;
  aside?: ReactNode;
}): ReactNode {
  const { t, number } = useSpeech();
  const { get: filter, set } = useFilters();
  const [chosen, choose] = useColumns(memory ?? path, columns);
  const sort = filter('sort') === '' ? sorted : filter('sort');
  const asked: Readonly<Record<string, string>> = sorted === undefined || sort === undefined ? query : { ...query, sort };
  const list = useInfiniteQuery({
    queryKey: [path, asked],
    queryFn: ({ pageParam, signal }) => get<Answer<Row>>(path, { ...asked, ...(pageParam === '' ? {} : { cursor: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 15_000,
    placeholderData: (before) => before,
  });
  if (list.isError && list.data === undefined) return <Problem error={list.error} onRetry={() => void list.refetch()} />;
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const total = list.data?.pages[0]?.total;
  const shown = columns.filter((column) => chosen.includes(column.key)).map((column) => (sorted === undefined ? column : sortable(column, sort ?? '', (next) => set('sort', next === sorted ? '' : next), t('table.sortBy', { column: column.title }))));
  return (
    <section aria-label={label}>
      <div className="table-head">
        <span aria-live="polite">{total === undefined ? ' ' : t('common.rows', { count: `${total.exact ? '' : '≥ '}${number(total.count)}` })}</span>
        <span>
          {aside}
          {memory === undefined ? null : (
            <Popover
              trigger="click"
              placement="bottomRight"
              content={<Checkbox.Group className="column-choice" value={[...chosen]} options={columns.map((column) => ({ value: column.key, label: column.title }))} onChange={(next) => choose(next)} />}
            >
              <Button size="small">{t('table.columns')}</Button>
            </Popover>
          )}
        </span>
      </div>
      <Wide label={label}>
        <Table<Row> size="small" rowKey="id" columns={shown} dataSource={rows} loading={list.isPending} pagination={false} locale={{ emptyText: list.isPending ? ' ' : empty }} />
      </Wide>
      {list.hasNextPage ? (
        <p>
          <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
            {t('common.more')}
          </Button>
        </p>
      ) : null}
    </section>
  );
}

/** Which columns the reader wants to see of this list, kept in this browser. */
function useColumns<Row>(memory: string, columns: readonly Column<Row>[]): [readonly string[], (next: readonly string[]) => void] {
  const key = `palisade.columns.${memory}`;
  const [kept, keep] = useState(() => localStorage.getItem(key));
  const chosen = kept === null ? columns.filter((column) => column.spare !== true).map((column) => column.key) : kept.split(',');
  return [
    chosen,
    (next) => {
      localStorage.setItem(key, next.join(','));
      keep(next.join(','));
    },
  ];
}

function sortable<Row>(column: Column<Row>, now: string, choose: (sort: string) => void, hint: string): Column<Row> & NonNullable<TableProps<Row>['columns']>[number] {
  const { sort, title } = column;
  if (sort === undefined) return column;
  const mine = now === sort;
  const header = (
    <button type="button" className="sort" onClick={() => choose(sort)} title={hint}>
      {title}
      <span aria-hidden="true">{mine ? ' ↓' : ''}</span>
    </button>
  );
  return { ...column, title: header as unknown as string, onHeaderCell: () => ({ 'aria-sort': mine ? ('other' as const) : ('none' as const) }) };
}

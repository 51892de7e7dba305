import type { GapGroup } from '@palisade/app-console/routes/coverage';
import type { NodeRow } from '@palisade/app-console/routes/nodes';
import { useQuery } from '@tanstack/react-query';
import { Table } from 'antd';
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { get } from '../api.ts';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { gapTexts } from '../parts/gap-kind.tsx';
import { GapTable } from '../parts/gap-table.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { Wide } from '../parts/wide.tsx';

type Group = z.infer<typeof GapGroup>;
const names = ['q', 'kind', 'node', 'source', 'image', 'state'] as const;

/** Everything that is not looked at: grouped by kind, then one by one. */
export function Coverage(): ReactNode {
  const { t } = useSpeech();
  const { get: filter } = useFilters();
  const named = (kind: string): string => {
    const texts = gapTexts(kind);
    return texts === undefined ? kind : `${t(texts.name)} (${kind})`;
  };
  const nodes = useQuery({ queryKey: ['/nodes', 'names'], queryFn: ({ signal }) => get<{ items: z.infer<typeof NodeRow>[] }>('/nodes', { limit: 200 }, signal), refetchInterval: 30_000 });
  return (
    <>
      <PageTitle>{t('coverage.title')}</PageTitle>
      <Loaded<{ items: Group[] }> path="/gap-groups">
        {({ items }) => (
          <>
            <Part title={t('coverage.groups')}>
              <Groups items={items} nobody={nodes.data?.items.length === 0} />
            </Part>
            <Part title={t('coverage.list')}>
              <div className="filters" role="search">
                <Search label={t('coverage.search')} />
                <Choice name="kind" label={t('coverage.anyKind')} options={items.map(({ kind }) => ({ value: kind, label: named(kind) }))} width={200} />
                <Choice name="node" label={t('coverage.anyNode')} options={(nodes.data?.items ?? []).map((node) => ({ value: node.id, label: node.name }))} width={200} />
                <Choice name="state" label={t('coverage.open')} options={[{ value: 'ended', label: t('coverage.ended') }, { value: 'all', label: t('coverage.all') }]} />
              </div>
              <GapTable query={chosen(filter, names)} memory="gaps" empty={t('coverage.empty')} />
            </Part>
          </>
        )}
      </Loaded>
    </>
  );
}

function Groups({ items, nobody }: { items: readonly Group[]; nobody: boolean }): ReactNode {
  const { t, say, number } = useSpeech();
  const { set } = useFilters();
  return (
    <Wide label={t('coverage.groups')}>
      <Table<Group>
        size="small"
        rowKey="kind"
        pagination={false}
        dataSource={[...items]}
        locale={{ emptyText: nobody ? t('coverage.emptyNobody') : t('coverage.empty') }}
        columns={[
          { title: t('gap.kind'), key: 'kind', render: (_, row) => <Kind kind={row.kind} choose={() => set('kind', row.kind)} /> },
          { title: t('coverage.gaps'), key: 'gaps', className: 'number', render: (_, row) => number(row.gaps) },
          { title: t('coverage.things'), key: 'count', className: 'number', render: (_, row) => number(row.count) },
          { title: t('coverage.nodes'), key: 'nodes', className: 'number', render: (_, row) => number(row.nodes) },
          { title: t('coverage.images'), key: 'images', className: 'number', render: (_, row) => number(row.images) },
          { title: t('gap.since'), key: 'since', render: (_, row) => <When at={row.since} /> },
          { title: t('gap.remedy'), key: 'remedy', render: (_, row) => (row.remedy === null ? <span className="quiet">{t('gap.noRemedy')}</span> : say(row.remedy)) },
        ]}
      />
    </Wide>
  );
}

/** The name is the button that narrows the list; the stable word and the meaning stand with it. */
function Kind({ kind, choose }: { kind: string; choose: () => void }): ReactNode {
  const { t } = useSpeech();
  const texts = gapTexts(kind);
  if (texts === undefined) return <button type="button" className="link mono" onClick={choose}>{kind}</button>;
  return (
    <>
      <button type="button" className="link" onClick={choose}>{t(texts.name)}</button> <span className="mono quiet">{kind}</span>
      <div className="next quiet">{t(texts.what)}</div>
    </>
  );
}

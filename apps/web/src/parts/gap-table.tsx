import type { GapRow } from '@palisade/app-console/routes/coverage';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { GapKind } from './gap-kind.tsx';
import { PagedTable } from './paged-table.tsx';
import { When } from './story.tsx';
import { useSpeech } from './text.ts';

type Row = z.infer<typeof GapRow>;

/** Gaps: what is not looked at, where, since when, why, and what to do. */
export function GapTable({ query, empty, memory }: { query: Readonly<Record<string, string>>; empty: ReactNode; memory?: string }): ReactNode {
  const { t, say, number } = useSpeech();
  return (
    <PagedTable<Row>
      path="/gaps"
      query={query}
      label={t('coverage.list')}
      empty={empty}
      {...(memory === undefined ? {} : { memory })}
      columns={[
        { title: t('gap.kind'), key: 'kind', render: (_, row) => <GapKind kind={row.kind} /> },
        { title: t('gap.subject'), key: 'subject', render: (_, row) => <span className="mono">{row.subject}</span> },
        { title: t('gap.where'), key: 'where', render: (_, row) => (row.image !== null ? <Link to={`/images/${encodeURIComponent(row.image.id)}`}>{row.image.name}</Link> : row.node !== null ? <Link to={`/workloads/nodes/${encodeURIComponent(row.node.id)}`}>{row.node.name}</Link> : t('gap.console')) },
        { title: t('gap.reason'), key: 'reason', render: (_, row) => row.reason },
        { title: t('gap.count'), key: 'count', className: 'number', render: (_, row) => number(row.count) },
        { title: t('gap.since'), key: 'since', render: (_, row) => <When at={row.since} /> },
        ...(query['state'] === undefined || query['state'] === '' || query['state'] === 'open' ? [] : [{ title: t('gap.until'), key: 'until', render: (_: unknown, row: Row) => (row.until === null ? t('coverage.open') : <When at={row.until} />) }]),
        { title: t('gap.remedy'), key: 'remedy', render: (_, row) => (row.remedy === null ? <span className="quiet">{t('gap.noRemedy')}</span> : say(row.remedy)) },
      ]}
    />
  );
}

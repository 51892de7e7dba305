import type { WaiverRow } from '@palisade/app-console/routes/waivers';
import { Tag, Typography } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import type { TextKey } from '../i18n/en.ts';
import { Choice } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';

export type Row = z.infer<typeof WaiverRow>;
/** The part of a waiver that pages read. */
export type WaiverSpec = { target: string; match: Record<string, string>; where: Record<string, string>; reason: string; ticket?: string; requestedBy?: string; approvedBy?: string; until?: { date?: string; fixAvailable?: boolean } };

const standings = ['requested', 'in-use', 'unused', 'expired', 'rejected', 'pending'] as const;

/** Accepted risks: those that wait for a decision first. */
export function Waivers(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get } = useFilters();
  return (
    <ListPage
      title={t('nav.waivers')}
      intro={t('waivers.intro')}
      search={t('waivers.search')}
      filters={<Choice name="standing" width={200} label={t('waivers.anyStanding')} options={standings.map((standing) => ({ value: standing, label: t(`standing.${standing}`) }))} />}
      add={{ permission: 'request-waiver', label: t('waivers.new'), to: '/waivers/new' }}
    >
      <PagedTable<Row> path="/waivers" query={{ q: get('q'), standing: get('standing') }} columns={columns(speech)} label={t('nav.waivers')} empty={t('waivers.empty')} />
    </ListPage>
  );
}

function columns({ t, number }: Speech): Column<Row>[] {
  const spec = (row: Row): WaiverSpec => row.document.spec as unknown as WaiverSpec;
  return [
    { title: t('waivers.name'), key: 'name', render: (_, row) => <Link to={`/waivers/${row.id}`}>{row.name}</Link> },
    { title: t('waivers.standing'), key: 'standing', render: (_, row) => <Tag>{t(`standing.${row.standing}`)}</Tag> },
    {
      title: t('waivers.what'),
      key: 'what',
      render: (_, row) => (
        <>
          {t(`target.${spec(row).target}` as TextKey)} <span className="mono">{Object.values(spec(row).match).join(' ')}</span>
        </>
      ),
    },
    { title: t('waivers.reason'), key: 'reason', render: (_, row) => <Typography.Text ellipsis={{ tooltip: spec(row).reason }} style={{ maxWidth: 240 }}>{spec(row).reason}</Typography.Text> },
    { title: t('waivers.ends'), key: 'ends', render: (_, row) => <End until={spec(row).until} /> },
    { title: t('waivers.matches'), key: 'matches', className: 'number', render: (_, row) => (row.findings === 0 ? number(0) : t('waivers.matchesCount', { findings: number(row.findings), images: number(row.images) })) },
    { title: t('waivers.requestedBy'), key: 'by', render: (_, row) => spec(row).requestedBy ?? row.createdBy },
  ];
}

/** When a waiver ends, in words. */
export function End({ until }: { until: WaiverSpec['until'] }): ReactNode {
  const { t } = useSpeech();
  if (until?.date !== undefined) return until.date;
  return t(until === undefined ? 'waivers.noEnd' : 'waivers.untilFix');
}

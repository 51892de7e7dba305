import type { IncidentRow } from '@palisade/app-console/routes/incidents';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Choice, chosen } from '../parts/choices.tsx';
import { PriorityTag, tacticNames } from '../parts/detection-columns.tsx';
import { useFilters } from '../parts/filters.ts';
import { IncidentTabs } from '../parts/incident-tabs.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { PageTitle, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';

type Row = z.infer<typeof IncidentRow>;

/** Detections that are one story, the latest first. */
export function Incidents(): ReactNode {
  const speech = useSpeech();
  const { t, say, number } = speech;
  const { get } = useFilters();
  return (
    <>
      <PageTitle>{t('incidents.title')}</PageTitle>
      <IncidentTabs here="/incidents" />
      <div className="filters" role="search">
        <Choice name="state" label={t('incidents.anyState')} options={(['open', 'investigating', 'closed'] as const).map((state) => ({ value: state, label: t(`incidents.${state}`) }))} />
        <Choice name="verdict" label={t('incidents.anyVerdict')} options={(['compromised', 'suspicious'] as const).map((verdict) => ({ value: verdict, label: t(`incidents.${verdict}`) }))} />
      </div>
      <PagedTable<Row>
        path="/incidents" memory="incidents" query={chosen(get, ['state', 'verdict', 'container', 'node'])} label={t('incidents.title')} empty={t('incidents.empty')}
        columns={[
          { title: t('incidents.last'), key: 'last', render: (_, row) => <When at={row.lastAt} /> },
          { title: t('detections.priority'), key: 'priority', render: (_, row) => <PriorityTag priority={row.priority} /> },
          { title: t('incidents.what'), key: 'what', render: (_, row) => <Link to={`/incidents/${row.id}`}>{say(row.title)}</Link> },
          { title: t('incidents.verdict'), key: 'verdict', render: (_, row) => (row.verdict === null ? '–' : t(`incidents.${row.verdict}`)) },
          { title: t('detections.where'), key: 'where', render: (_, row) => (row.container === null ? <Link to={`/workloads/nodes/${encodeURIComponent(row.node.id)}`}>{row.node.name}</Link> : <Link to={`/workloads/containers/${encodeURIComponent(row.container.id)}`}>{row.container.name}</Link>) },
          { title: t('detections.tactics'), key: 'tactics', render: (_, row) => tacticNames(row.tactics, speech) || '–' },
          { title: t('incidents.detections'), key: 'detections', className: 'number', render: (_, row) => number(row.detections) },
          { title: t('detections.state'), key: 'state', render: (_, row) => t(`incidents.${row.state}`) },
          { title: t('incidents.owner'), key: 'owner', render: (_, row) => row.owner ?? t('incidents.nobody') },
        ]}
      />
    </>
  );
}

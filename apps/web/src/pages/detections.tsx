import type { DetectionGroup, DetectionRow } from '@palisade/app-console/routes/detections';
import { rulePriorities } from '@palisade/model/detection';
import { tactics } from '@palisade/model/tactic';
import { useQuery } from '@tanstack/react-query';
import { Table, Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { get } from '../api.ts';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { PriorityTag, detectionColumns } from '../parts/detection-columns.tsx';
import { useFilters } from '../parts/filters.ts';
import { IncidentTabs } from '../parts/incident-tabs.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Problem } from '../parts/problem.tsx';
import { PageTitle, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { Wide } from '../parts/wide.tsx';

type Row = z.infer<typeof DetectionRow>;
type Group = z.infer<typeof DetectionGroup>;
const names = ['q', 'priority', 'tactic', 'state', 'hours', 'rule', 'container', 'node', 'project', 'namespace', 'incident', 'waived'] as const;

/** What the rules saw, newest first, or counted by rule, container or node. */
export function Detections(): ReactNode {
  const speech = useSpeech();
  const { t, say, number } = speech;
  const { get: filter, set } = useFilters();
  const query = chosen(filter, names);
  const by = filter('by');
  return (
    <>
      <PageTitle>{t('detections.title')}</PageTitle>
      <IncidentTabs here="/detections" />
      <div className="filters" role="search">
        <Search label={t('detections.search')} />
        <Choice name="priority" label={t('detections.priority')} options={rulePriorities.map((priority) => ({ value: priority, label: t('detections.orWorse', { priority: t(`rulePriority.${priority}`) }) }))} width={210} />
        <Choice name="tactic" label={t('detections.anyTactic')} options={Object.entries(tactics).map(([value, { name }]) => ({ value, label: say(name) }))} />
        <Choice name="state" label={t('detections.anyState')} options={(['open', 'acknowledged', 'closed'] as const).map((state) => ({ value: state, label: t(`detections.${state}`) }))} />
        <Choice name="hours" label={t('detections.anyTime')} options={[1, 24, 168].map((hours) => ({ value: String(hours), label: t('detections.hours', { count: number(hours) }) }))} width={130} />
        <Choice name="waived" label={t('detections.waivedFilter')} options={[{ value: 'yes', label: t('detections.waivedOnly') }, { value: 'all', label: t('detections.waivedToo') }]} />
        <Choice name="by" label={t('detections.notGrouped')} options={[{ value: 'rule', label: t('detections.byRule') }, { value: 'container', label: t('detections.byContainer') }, { value: 'node', label: t('detections.byNode') }]} width={150} />
        {(['rule', 'container', 'node', 'project', 'namespace', 'incident'] as const).map((name) =>
          filter(name) === '' ? null : (
            <Tag key={name} closable={{ 'aria-label': t('filter.clear') }} onClose={() => set(name, '')}>
              {t('filter.only', { what: filter(name) })}
            </Tag>
          ),
        )}
      </div>
      {by === '' ? (
        <PagedTable<Row> path="/detections" memory="detections" sorted="time" query={query} columns={detectionColumns(speech)} label={t('detections.title')} empty={<span>{t('detections.empty')} <Link to="/workloads/nodes">{t('detections.node')}</Link></span>} />
      ) : (
        <Groups by={by} query={query} />
      )}
    </>
  );
}

function Groups({ by, query }: { by: string; query: Readonly<Record<string, string>> }): ReactNode {
  const { t, number } = useSpeech();
  const answer = useQuery({ queryKey: ['/detection-groups', by, query], queryFn: ({ signal }) => get<{ items: Group[] }>('/detection-groups', { ...query, by }, signal), refetchInterval: 15_000, placeholderData: (before) => before });
  if (answer.isError && answer.data === undefined) return <Problem error={answer.error} onRetry={() => void answer.refetch()} />;
  const link = (row: Group): string => `/detections?${new URLSearchParams({ ...Object.fromEntries(Object.entries(query).filter(([, value]) => value !== '')), [by]: row.key }).toString()}`;
  return (
    <Wide label={t('detections.title')}>
      <Table<Group>
        size="small" rowKey="id" pagination={false} loading={answer.isPending} dataSource={answer.data?.items ?? []}
        columns={[
          { title: t('detections.group'), key: 'label', render: (_, row) => (row.key === '' ? t('detections.onNode') : <Link to={link(row)}>{row.label}</Link>) },
          { title: t('detections.priority'), key: 'priority', render: (_, row) => <PriorityTag priority={row.priority} /> },
          { title: t('incidents.detections'), key: 'detections', className: 'number', render: (_, row) => number(row.detections) },
          { title: t('detections.count'), key: 'count', className: 'number', render: (_, row) => number(row.count) },
          { title: t('detections.last'), key: 'last', render: (_, row) => <When at={row.lastAt} /> },
        ]}
      />
    </Wide>
  );
}

import type { DetectionRow } from '@palisade/app-console/routes/detections';
import type { RulePriority } from '@palisade/model/detection';
import type { Severity } from '@palisade/model/severity';
import { tactics } from '@palisade/model/tactic';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { severityMark } from '../theme.ts';
import { useDark } from './appearance.ts';
import type { Column } from './paged-table.tsx';
import { When } from './story.tsx';
import type { Speech } from './text.ts';
import { useSpeech } from './text.ts';

type Row = z.infer<typeof DetectionRow>;

/** Falco's eight priorities in the five colours of severity. */
const severityOf: Readonly<Record<RulePriority, Severity>> = { Emergency: 'critical', Alert: 'critical', Critical: 'critical', Error: 'high', Warning: 'medium', Notice: 'low', Informational: 'unknown', Debug: 'unknown' };

/** A rule's priority, coloured as the severity it stands for. */
export function PriorityTag({ priority }: { priority: RulePriority }): ReactNode {
  const { t } = useSpeech();
  const mark = severityMark[severityOf[priority]];
  const color = useDark() ? mark.dark : mark.light;
  return (
    <span className="severity" style={{ color, borderColor: color }}>
      <b aria-hidden="true">{mark.letter}</b> {t(`rulePriority.${priority}`)}
    </span>
  );
}

/** Names of ATT&CK tactics in the reader's language. */
export function tacticNames(keys: readonly string[], { say, t }: Speech): string {
  return keys.map((key) => (tactics[key] === undefined ? key : say(tactics[key].name))).join(t('common.separator'));
}

export function detectionColumns(speech: Speech): Column<Row>[] {
  const { t, say, number } = speech;
  return [
    { title: t('detections.when'), key: 'when', sort: 'time', render: (_, row) => <When at={row.at} /> },
    { title: t('detections.priority'), key: 'priority', sort: 'priority', render: (_, row) => <PriorityTag priority={row.priority} /> },
    { title: t('detections.what'), key: 'what', render: (_, row) => <Link to={`/detections/${row.id}`}>{say(row.title)}</Link> },
    {
      title: t('detections.where'), key: 'where',
      render: (_, row) => (row.container === null ? <><Link to={`/workloads/nodes/${encodeURIComponent(row.node.id)}`}>{row.node.name}</Link> <span className="quiet">{t('detections.onNode')}</span></> : <Link to={`/workloads/containers/${encodeURIComponent(row.container.id)}`}>{row.container.name}</Link>),
    },
    { title: t('detections.tactics'), key: 'tactics', render: (_, row) => tacticNames(row.tactics, speech) || '–' },
    { title: t('detections.count'), key: 'count', className: 'number', render: (_, row) => number(row.count) },
    { title: t('detections.last'), key: 'last', render: (_, row) => <When at={row.lastAt} /> },
    { title: t('detections.state'), key: 'state', render: (_, row) => t(`detections.${row.state}`) },
    { title: t('detections.rule'), key: 'rule', spare: true, render: (_, row) => row.rule },
    { title: t('detections.image'), key: 'image', spare: true, render: (_, row) => <span className="mono">{row.image ?? '–'}</span> },
    { title: t('detections.node'), key: 'node', spare: true, render: (_, row) => <Link to={`/workloads/nodes/${encodeURIComponent(row.node.id)}`}>{row.node.name}</Link> },
    { title: t('detections.incident'), key: 'incident', spare: true, render: (_, row) => (row.incident === null ? '–' : <Link to={`/incidents/${row.incident}`}>{t('detections.incident')}</Link>) },
  ];
}

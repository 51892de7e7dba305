import type { ResponseRow } from '@palisade/app-console/routes/responses';
import { Button, Popconfirm } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { call } from '../api.ts';
import { useMay } from '../session.tsx';
import { useAct } from './act.ts';
import type { Column } from './paged-table.tsx';
import { When } from './story.tsx';
import type { Speech } from './text.ts';
import { useSpeech } from './text.ts';

export type Response = z.infer<typeof ResponseRow>;

/** What was done, where, by whom, how it ended, and taking it back. */
export function responseColumns({ t, number }: Speech): Column<Response>[] {
  return [
    { title: t('responses.when'), key: 'when', render: (_, row) => <When at={row.at} /> },
    { title: t('responses.what'), key: 'what', render: (_, row) => <><b>{t(`response.${row.action}`)}</b>{row.count > 1 ? <span className="quiet"> {t('responses.times', { count: number(row.count) })}</span> : null}{row.process === null ? null : <div className="mono quiet">{`${row.process.name} (${row.process.pid})`}</div>}</> },
    {
      title: t('responses.where'), key: 'where',
      render: (_, row) => (
        <>
          {row.container === null ? null : <><Link to={`/workloads/containers/${encodeURIComponent(row.container.id)}`}>{row.container.name}</Link> · </>}
          <Link to={`/workloads/nodes/${encodeURIComponent(row.node.id)}`}>{row.node.name}</Link>
        </>
      ),
    },
    { title: t('responses.asker'), key: 'asker', render: (_, row) => (row.policy === null ? t('responses.byHand', { name: row.by ?? '–' }) : <>{row.policyId === null ? row.policy : <Link to={`/response-policies/${row.policyId}`}>{row.policy}</Link>} <span className="quiet mono">{row.policyRule}</span></>) },
    { title: t('responses.detection'), key: 'detection', render: (_, row) => (row.detection === null ? '–' : <Link to={`/detections/${encodeURIComponent(row.detection)}`}>{row.rule ?? t('responses.detection')}</Link>) },
    { title: t('responses.result'), key: 'result', render: (_, row) => <Outcome row={row} /> },
    { title: t('responses.undo'), key: 'undo', render: (_, row) => <Undo row={row} /> },
  ];
}

function Outcome({ row }: { row: Response }): ReactNode {
  const { t, number } = useSpeech();
  if (row.evidence !== null) return <Link to={`/evidence/${encodeURIComponent(row.evidence)}`}>{t('evidence.title')}</Link>;
  return (
    <>
      {t(`responseResult.${row.result}`)}
      {row.tookMs === null || row.result !== 'done' || row.action === 'hold' ? null : <span className="quiet"> · {t('responses.took', { ms: number(Math.round(row.tookMs)) })}</span>}
      {row.message === null || row.action === 'collect' ? null : <div className="quiet">{row.message}</div>}
    </>
  );
}

function Undo({ row }: { row: Response }): ReactNode {
  const { t, exact } = useSpeech();
  const may = useMay();
  const act = useAct('/responses', '/detections', '/containers');
  if (row.undoneAt !== null) return <span className="quiet">{t('responses.undone', { name: row.undoneBy ?? '' })} · <When at={row.undoneAt} /></span>;
  if (row.undo === null) return null;
  const waits = row.undoState === 'waiting' || row.undoState === 'sent';
  return (
    <>
      {waits ? <span role="status">{t('responses.waits')}</span> : may('respond') ? (
        <Popconfirm title={t('undo.confirm', { node: row.node.name })} okText={t(`undo.${row.undo}`)} onConfirm={() => void act(() => call('POST', `/responses/${encodeURIComponent(row.id)}/undo`, {}))}>
          <Button size="small">{t(`undo.${row.undo}`)}</Button>
        </Popconfirm>
      ) : null}
      {row.undoState === 'failed' || row.undoState === 'expired' ? <span className="quiet"> {t('responses.undoFailed')}</span> : null}
      {row.deadline === null ? null : <div className="quiet">{t('responses.deadline', { at: exact(row.deadline) })}</div>}
    </>
  );
}

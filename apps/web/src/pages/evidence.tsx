import type { EvidenceRow, Verification } from '@palisade/app-console/routes/evidence';
import { Alert, Button } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { call } from '../api.ts';
import { chosen } from '../parts/choices.tsx';
import { useAct } from '../parts/act.ts';
import { useFilters } from '../parts/filters.ts';
import { IncidentTabs } from '../parts/incident-tabs.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Mono, PageTitle, When } from '../parts/story.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';
import { useMay } from '../session.tsx';

type Row = z.infer<typeof EvidenceRow>;

/** What agents collected, newest first, and the proof that none of it was changed. */
export function EvidenceList(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get: filter } = useFilters();
  return (
    <>
      <PageTitle>{t('evidence.title')}</PageTitle>
      <IncidentTabs here="/evidence" />
      <p className="intro">{t('evidence.intro')}</p>
      <Verify />
      <PagedTable<Row> path="/evidence" memory="evidence" query={chosen(filter, ['detection', 'container', 'node'])} columns={columns(speech)} label={t('evidence.title')} empty={t('evidence.empty')} />
    </>
  );
}

function columns({ t, number, bytes }: Speech): Column<Row>[] {
  return [
    { title: t('evidence.seq'), key: 'seq', className: 'number', render: (_, row) => number(row.seq) },
    { title: t('evidence.reason'), key: 'reason', render: (_, row) => <Link to={`/evidence/${encodeURIComponent(row.id)}`}>{row.reason}</Link> },
    { title: t('responses.where'), key: 'where', render: (_, row) => (row.container === null ? row.node.name : <><Link to={`/workloads/containers/${encodeURIComponent(row.container.id)}`}>{row.container.name}</Link> · {row.node.name}</>) },
    { title: t('evidence.files'), key: 'files', className: 'number', render: (_, row) => number(row.files) },
    { title: t('evidence.size'), key: 'size', className: 'number', render: (_, row) => bytes(row.bytes) },
    { title: t('evidence.received'), key: 'received', render: (_, row) => <When at={row.receivedAt} /> },
    { title: t('evidence.hash'), key: 'hash', render: (_, row) => <Mono text={row.hash} short={row.hash.slice(0, 12)} /> },
  ];
}

function Verify(): ReactNode {
  const { t, number } = useSpeech();
  const may = useMay();
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<z.infer<typeof Verification>>();
  if (!may('triage')) return null;
  const run = async (): Promise<void> => {
    setBusy(true);
    await act(() => call<z.infer<typeof Verification>>('POST', '/evidence/verify', {}), setAnswer);
    setBusy(false);
  };
  return (
    <div style={{ marginBottom: 12 }}>
      <Button size="small" loading={busy} onClick={() => void run()}>{t(busy ? 'evidence.verifying' : 'evidence.verify')}</Button>
      {answer === undefined ? null : (
        <Alert
          role="status" style={{ marginTop: 8 }} type={answer.faults.length === 0 ? 'success' : 'error'} showIcon
          title={answer.faults.length === 0 ? t('evidence.sound', { entries: number(answer.entries), files: number(answer.files), removed: number(answer.removed), ms: number(answer.tookMs) }) : t('evidence.broken', { count: number(answer.faults.length) })}
          description={
            <>
              {answer.faults.length === 0 ? null : <ul>{answer.faults.map((one) => <li key={`${one.seq} ${one.fault}`}>{t('evidence.brokenAt', { seq: number(one.seq), fault: one.fault })}</li>)}</ul>}
              <div>{t('evidence.head')} <Mono text={answer.head} /></div>
            </>
          }
        />
      )}
    </div>
  );
}

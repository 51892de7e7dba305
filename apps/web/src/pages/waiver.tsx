import type { DetectionRow } from '@palisade/app-console/routes/detections';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Descriptions, Input, Popconfirm, Space, Spin, Table, Tag, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import type { z } from 'zod';
import { Link, useNavigate, useParams } from 'react-router';
import { call, get } from '../api.ts';
import type { TextKey } from '../i18n/en.ts';
import { detectionColumns } from '../parts/detection-columns.tsx';
import { History, Place } from '../parts/documents.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Problem } from '../parts/problem.tsx';
import { useSpeech } from '../parts/text.ts';
import { useWhy } from '../parts/why.ts';
import { Wide } from '../parts/wide.tsx';
import { useMay, useSession } from '../session.tsx';
import { End } from './waivers.tsx';
import type { Row, WaiverSpec } from './waivers.tsx';

type Detail = Row & { where: { id: string; name: string; findings: number }[] };

/** One waiver: what it accepts and why, where it works now, and the decision about it. */
export function WaiverPage(): ReactNode {
  const { id = '' } = useParams();
  const speech = useSpeech();
  const { t, number } = speech;
  const found = useQuery({ queryKey: ['/waivers', id], queryFn: ({ signal }) => get<Detail>(`/waivers/${encodeURIComponent(id)}`, {}, signal), refetchInterval: 10_000 });
  if (found.isPending) return <Spin className="centre" description={t('common.loading')} />;
  if (found.data === undefined) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  const waiver = found.data;
  const spec = waiver.document.spec as unknown as WaiverSpec;
  const where = Object.entries(spec.where ?? {});
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {waiver.name} <Tag>{t(`standing.${waiver.standing}`)}</Tag>
      </Typography.Title>
      <Descriptions
        size="small"
        bordered
        column={1}
        items={[
          { key: 'what', label: t('waivers.what'), children: <>{t(`target.${spec.target}` as TextKey)} <span className="mono">{Object.entries(spec.match).map(([key, value]) => `${key}: ${value}`).join(', ')}</span></> },
          { key: 'limits', label: t('waiver.limits'), children: where.length === 0 ? <Place at={waiver} /> : <span className="mono">{where.map(([key, value]) => `${key}: ${value}`).join(', ')}</span> },
          { key: 'reason', label: t('waivers.reason'), children: <>{spec.reason}{spec.ticket === undefined ? '' : ` (${spec.ticket})`}</> },
          { key: 'ends', label: t('waivers.ends'), children: <End until={spec.until} /> },
          { key: 'by', label: t('waivers.requestedBy'), children: spec.requestedBy ?? waiver.createdBy },
          ...(waiver.decidedBy === null ? [] : [{ key: 'decided', label: t('waivers.approvedBy'), children: `${waiver.decidedBy}${waiver.decisionNote === null ? '' : `: ${waiver.decisionNote}`}` }]),
        ]}
      />
      <Decision waiver={waiver} spec={spec} />
      {spec.target !== 'runtimeRule' ? null : (
        <>
          <h2 className="section-title">{t('waiver.detections', { count: number(waiver.findings) })}</h2>
          <PagedTable<z.infer<typeof DetectionRow>> path="/detections" query={{ waiver: waiver.name }} columns={detectionColumns(speech)} label={t('detections.title')} empty={t('waiver.noDetections')} />
        </>
      )}
      {spec.target === 'runtimeRule' ? null : <><h2 className="section-title">{t('waiver.where')}</h2>
      <Wide label={t('waiver.where')}>
        <Table
          size="small"
          rowKey="id"
          pagination={false}
          locale={{ emptyText: t('waiver.nowhere') }}
          dataSource={waiver.where}
          columns={[
            { title: t('waiver.image'), key: 'name', render: (_, row) => <Link to={`/images/${encodeURIComponent(row.id)}`}>{row.name}</Link> },
            { title: t('waiver.findings'), key: 'findings', className: 'number', render: (_, row) => number(row.findings) },
          ]}
        />
      </Wide></>}
      <h2 className="section-title">{t('waiver.history')}</h2>
      <History id={waiver.id} />
    </>
  );
}

function Decision({ waiver, spec }: { waiver: Detail; spec: WaiverSpec }): ReactNode {
  const { t } = useSpeech();
  const may = useMay();
  const { user } = useSession();
  const client = useQueryClient();
  const why = useWhy();
  const navigate = useNavigate();
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<string>();
  const own = spec.requestedBy === user.name;
  const act = async (work: () => Promise<unknown>, then?: () => void): Promise<void> => {
    setProblem(undefined);
    try {
      await work();
      await client.invalidateQueries({ queryKey: ['/waivers'] });
      await client.invalidateQueries({ queryKey: ['/documents/history', waiver.id] });
      then?.();
    } catch (error) {
      setProblem(why(error));
    }
  };
  const decide = (what: 'approve' | 'reject'): Promise<void> => act(() => call('POST', `/waivers/${waiver.id}/${what}`, { version: waiver.version, ...(note === '' ? {} : { note }) }));
  const open = waiver.state === 'requested';
  return (
    <>
      {problem === undefined ? null : <Alert type="error" showIcon role="alert" title={problem} style={{ marginTop: 12 }} />}
      {open && own ? <Alert type="info" showIcon title={t('waiver.ownRequest')} style={{ marginTop: 12 }} /> : null}
      <Space wrap className="actions">
        {open && !own && may('approve-waiver') ? (
          <>
            <Input style={{ width: 260 }} aria-label={t('waiver.note')} placeholder={t('waiver.note')} value={note} onChange={(event) => setNote(event.target.value)} />
            <Button type="primary" onClick={() => void decide('approve')}>
              {t('waiver.approve')}
            </Button>
            <Button disabled={note === ''} title={note === '' ? t('waiver.rejectNote') : undefined} onClick={() => void decide('reject')}>
              {t('waiver.reject')}
            </Button>
          </>
        ) : null}
        {waiver.owner === 'console' && (own || may('approve-waiver')) ? (
          <Popconfirm title={t('waiver.endConfirm')} onConfirm={() => void act(() => call('DELETE', `/documents/${waiver.id}?version=${waiver.version}`), () => void navigate('/waivers'))}>
            <Button danger>{t('waiver.end')}</Button>
          </Popconfirm>
        ) : null}
      </Space>
    </>
  );
}

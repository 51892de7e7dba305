import type { EvidenceDetail } from '@palisade/app-console/routes/evidence';
import { Alert, Button, Table } from 'antd';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import type { z } from 'zod';
import { Loaded } from '../parts/loaded.tsx';
import { Facts, Mono, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { Wide } from '../parts/wide.tsx';
import { useMay } from '../session.tsx';

type Detail = z.infer<typeof EvidenceDetail>;

/** One collection: its files with their hashes, what is missing, its place in the chain. */
export function EvidencePage(): ReactNode {
  const { id = '' } = useParams();
  return <Loaded<Detail> path={`/evidence/${encodeURIComponent(id)}`}>{(detail) => <Story detail={detail} />}</Loaded>;
}

function Story({ detail }: { detail: Detail }): ReactNode {
  const { t, number, bytes } = useSpeech();
  const may = useMay();
  const { evidence } = detail;
  return (
    <>
      <PageTitle>{t('evidence.of', { name: detail.container?.name ?? detail.node.name })}</PageTitle>
      {detail.removedAt === null ? null : <Alert type="info" showIcon title={t('evidence.gone', { why: detail.removedWhy ?? '' })} style={{ marginBottom: 12 }} />}
      {detail.faultTexts.length === 0 ? null : <Alert type="warning" showIcon title={t('evidence.damaged')} description={<ul>{detail.faultTexts.map((fault) => <li key={fault} className="mono">{fault}</li>)}</ul>} style={{ marginBottom: 12 }} />}
      <Facts
        items={[
          { label: t('evidence.reason'), value: detail.detection === null ? detail.reason : <Link to={`/detections/${encodeURIComponent(detail.detection)}`}>{detail.reason}</Link> },
          { label: t('responses.where'), value: detail.container === null ? detail.node.name : <Link to={`/workloads/containers/${encodeURIComponent(detail.container.id)}`}>{detail.container.name}</Link> },
          { label: t('detections.process'), value: evidence.process === undefined ? '–' : <span className="mono">{`${evidence.process.path} (${evidence.process.pid})`}</span> },
          { label: t('responses.when'), value: <When at={detail.at} /> },
          { label: t('evidence.received'), value: <When at={detail.receivedAt} /> },
          { label: t('evidence.seq'), value: number(detail.seq) },
          { label: t('evidence.hash'), value: <Mono text={detail.hash} short={detail.hash.slice(0, 24)} /> },
          { label: t('evidence.previous'), value: <Mono text={detail.previous} short={detail.previous.slice(0, 24)} /> },
        ]}
      />
      {detail.removedAt !== null || !may('triage') ? null : (
        <p style={{ marginTop: 12 }}>
          <Button size="small" type="primary" href={`/api/v1/evidence/${encodeURIComponent(detail.id)}/download`}>{t('evidence.download')}</Button> <span className="quiet">{t('evidence.downloadNote')}</span>
        </p>
      )}
      <Part title={t('evidence.files')}>
        <Wide label={t('evidence.files')}>
          <Table
            size="small" rowKey="name" pagination={false} dataSource={evidence.files}
            columns={[
              { title: t('evidence.file'), key: 'name', render: (_, file) => <span className="mono">{file.name}</span> },
              { title: t('evidence.size'), key: 'size', className: 'number', render: (_, file) => bytes(file.size) },
              { title: t('evidence.complete'), key: 'cut', render: (_, file) => t(file.cut ? 'evidence.cut' : 'evidence.whole') },
              { title: 'SHA-256', key: 'sha256', render: (_, file) => <Mono text={file.sha256} short={file.sha256.slice(0, 24)} /> },
            ]}
          />
        </Wide>
      </Part>
      <Part title={t('evidence.missing')}>
        {evidence.missing.length === 0 ? <p>{t('evidence.nothingMissing')}</p> : <ul>{evidence.missing.map((one) => <li key={one.name}><span className="mono">{one.name}</span>: {one.reason}</li>)}</ul>}
      </Part>
    </>
  );
}

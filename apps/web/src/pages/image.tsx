import type { ImageDetail } from '@palisade/app-console/routes/images';
import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import { useQuery } from '@tanstack/react-query';
import { Alert, Descriptions, Spin, Table, Tag, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import type { z } from 'zod';
import { get } from '../api.ts';
import { Counts } from '../parts/counts.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Problem } from '../parts/problem.tsx';
import { SeverityTag } from '../parts/severity-tag.tsx';
import { useSpeech } from '../parts/text.ts';

type Detail = z.infer<typeof ImageDetail>;

/** One image: what was looked at, the timeline of its layers, its findings, and what was not looked at. */
export function ImagePage(): ReactNode {
  const { id = '' } = useParams();
  const { t } = useSpeech();
  const detail = useQuery({ queryKey: ['image', id], queryFn: ({ signal }) => get<Detail>(`/images/${encodeURIComponent(id)}`, {}, signal), refetchInterval: 15_000 });
  if (detail.isPending) return <Spin className="centre" description={t('common.loading')} />;
  if (detail.data === undefined) return <Problem error={detail.error} onRetry={() => void detail.refetch()} />;
  const image = detail.data;
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {image.name}
      </Typography.Title>
      <Summary image={image} />
      <h2 className="section-title">{t('image.layers')}</h2>
      <Layers image={image} />
      <h2 className="section-title">{t('images.findings')}</h2>
      <Findings id={id} />
      <h2 className="section-title">{t('image.gaps')}</h2>
      <Gaps gaps={image.gapList} />
    </>
  );
}

function Summary({ image }: { image: Detail }): ReactNode {
  const { t, number, bytes, ago } = useSpeech();
  const feed = image.feed === null ? t('image.noFeed') : `${image.feed.id} (${ago(image.feed.built)})`;
  const looked = image.lookedAt === null ? t('status.notScanned') : t('image.lookedAt', { files: number(image.lookedAt.files), layers: number(image.lookedAt.layers), bytes: bytes(image.lookedAt.bytes) });
  return (
    <>
      {image.feed === null ? <Alert type="warning" showIcon message={t('image.noFeed')} style={{ marginBottom: 12 }} /> : null}
      <Descriptions
        size="small"
        bordered
        column={2}
        items={[
          { key: 'counts', label: t('images.findings'), children: <Counts counts={image.counts} /> },
          { key: 'looked', label: t('image.proof'), children: looked },
          { key: 'feed', label: t('image.feed'), children: feed },
          { key: 'platform', label: t('image.platform'), children: image.platform ?? '–' },
          { key: 'id', label: t('image.id'), children: <span className="mono">{image.imageId}</span> },
          { key: 'names', label: t('image.names'), children: <span className="mono">{image.names.join(', ')}</span> },
        ]}
      />
    </>
  );
}

function Layers({ image }: { image: Detail }): ReactNode {
  const { t, number, bytes } = useSpeech();
  return (
    <Table
      size="small"
      rowKey="diffId"
      pagination={false}
      dataSource={image.layers}
      columns={[
        { title: t('image.instruction'), key: 'instruction', render: (_, layer) => <span className="mono">{layer.instruction === '' ? layer.diffId : layer.instruction}</span> },
        { title: t('image.origin'), key: 'base', render: (_, layer) => <Tag>{layer.base ? t('image.base') : t('image.own')}</Tag> },
        { title: t('images.size'), key: 'size', className: 'number', render: (_, layer) => bytes(layer.size) },
        { title: t('images.packages'), key: 'packages', className: 'number', render: (_, layer) => number(layer.packages) },
        { title: t('images.findings'), key: 'findings', render: (_, layer) => <Counts counts={layer.counts} /> },
      ]}
    />
  );
}

function Findings({ id }: { id: string }): ReactNode {
  const { t, say, number } = useSpeech();
  return (
    <PagedTable<Finding>
      path={`/images/${encodeURIComponent(id)}/findings`}
      query={{}}
      label={t('images.findings')}
      empty={t('common.none')}
      columns={[
        { title: t('finding.priority'), key: 'priority', className: 'number', render: (_, finding) => number(Math.round(finding.priority.score)) },
        { title: t('images.severity'), key: 'severity', render: (_, finding) => <SeverityTag severity={finding.severity} /> },
        { title: t('finding.rule'), key: 'rule', render: (_, finding) => <span className="mono">{finding.rule}</span> },
        { title: t('finding.title'), key: 'title', render: (_, finding) => (finding.answer === 'unknown' ? `${say(finding.title)} (${finding.reason ?? ''})` : say(finding.title)) },
        { title: t('finding.where'), key: 'where', render: (_, finding) => <span className="mono">{finding.package ?? finding.path ?? ''}</span> },
        { title: t('finding.fixed'), key: 'fixed', render: (_, finding) => <span className="mono">{finding.fixed ?? '–'}</span> },
      ]}
    />
  );
}

function Gaps({ gaps }: { gaps: readonly Gap[] }): ReactNode {
  const { t, number } = useSpeech();
  return (
    <Table
      size="small"
      rowKey={(gap) => `${gap.kind} ${gap.subject} ${gap.reason}`}
      pagination={false}
      locale={{ emptyText: t('image.noGaps') }}
      dataSource={[...gaps]}
      columns={[
        { title: t('gap.kind'), dataIndex: 'kind' },
        { title: t('gap.subject'), key: 'subject', render: (_, gap) => <span className="mono">{gap.subject}</span> },
        { title: t('gap.reason'), dataIndex: 'reason' },
        { title: t('gap.count'), key: 'count', className: 'number', render: (_, gap) => number(gap.count) },
      ]}
    />
  );
}

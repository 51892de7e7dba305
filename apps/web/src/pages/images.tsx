import type { ImageRow } from '@palisade/app-console/routes/images';
import { severities } from '@palisade/model/severity';
import { Input, Select, Tag, Typography } from 'antd';
import type { TableProps } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Counts } from '../parts/counts.tsx';
import { useFilters } from '../parts/filters.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';

type Row = z.infer<typeof ImageRow>;

const filters = ['q', 'severity', 'status', 'kind'] as const;

/** Every image on every node, worst first. */
export function Images(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get, set } = useFilters();
  const query = Object.fromEntries(filters.map((name) => [name, get(name)] as const));
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {t('nav.images')}
      </Typography.Title>
      <div className="filters" role="search">
        <Input type="search" allowClear style={{ width: 260 }} placeholder={t('images.search')} aria-label={t('images.search')} defaultValue={get('q')} onChange={(event) => set('q', event.target.value)} />
        <Select
          style={{ width: 160 }}
          aria-label={t('images.severity')}
          value={get('severity')}
          onChange={(value) => set('severity', value)}
          options={[{ value: '', label: t('images.anySeverity') }, ...severities.map((severity) => ({ value: severity, label: t(`severity.${severity}`) }))]}
        />
        <Select
          style={{ width: 180 }}
          aria-label={t('images.status')}
          value={get('status')}
          onChange={(value) => set('status', value)}
          options={[
            { value: '', label: t('images.anyStatus') },
            ...(['complete', 'partial', 'failed'] as const).map((status) => ({ value: status, label: t(`status.${status}`) })),
            { value: 'not-scanned', label: t('status.notScanned') },
          ]}
        />
      </div>
      <PagedTable<Row> path="/images" query={query} columns={columns(speech)} label={t('nav.images')} empty={<EmptyImages />} />
    </>
  );
}

function EmptyImages(): ReactNode {
  const { t } = useSpeech();
  return (
    <div>
      <p>{t('images.empty')}</p>
      <Typography.Text code copyable>
        ./palisade scan docker:NAME
      </Typography.Text>
    </div>
  );
}

function columns({ t, number, bytes, ago, exact }: Speech): NonNullable<TableProps<Row>['columns']> {
  return [
    {
      title: t('images.name'),
      key: 'name',
      render: (_, row) => (
        <>
          <Link to={`/images/${encodeURIComponent(row.id)}`}>{row.name}</Link> {row.kind === 'host' ? <Tag>{t('images.host')}</Tag> : null}
        </>
      ),
    },
    { title: t('images.findings'), key: 'findings', render: (_, row) => (row.status === null ? <span>{t('status.notScanned')}</span> : <Counts counts={row.counts} />) },
    { title: t('images.fixable'), key: 'fixable', className: 'number', render: (_, row) => number(row.fixable) },
    { title: t('images.packages'), key: 'packages', className: 'number', render: (_, row) => number(row.packages) },
    { title: t('images.running'), key: 'running', className: 'number', render: (_, row) => number(row.running) },
    { title: t('images.status'), key: 'status', render: (_, row) => <Status row={row} /> },
    { title: t('images.size'), key: 'size', className: 'number', render: (_, row) => bytes(row.size) },
    { title: t('images.scanned'), key: 'scanned', render: (_, row) => (row.scannedAt === null ? '–' : <span title={exact(row.scannedAt)}>{ago(row.scannedAt)}</span>) },
  ];
}

function Status({ row }: { row: Row }): ReactNode {
  const { t } = useSpeech();
  if (row.status === null) return t('status.notScanned');
  return (
    <span>
      {t(`status.${row.status}`)}
      {row.gaps > 0 ? `, ${t('images.gaps', { count: row.gaps })}` : ''}
    </span>
  );
}

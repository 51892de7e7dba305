import type { ImageRow } from '@palisade/app-console/routes/images';
import { severities } from '@palisade/model/severity';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { Found } from '../parts/found.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { Command, PageTitle, When } from '../parts/story.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';
import { VerdictTag } from './image-verdict.tsx';

type Row = z.infer<typeof ImageRow>;

const names = ['q', 'severity', 'status', 'kind', 'verdict', 'running', 'cluster'] as const;

/** Every image on every node, worst first. */
export function Images(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get } = useFilters();
  return (
    <>
      <PageTitle>{t('nav.images')}</PageTitle>
      <div className="filters" role="search">
        <Search label={t('images.search')} />
        <Choice name="severity" label={t('images.anySeverity')} options={severities.map((severity) => ({ value: severity, label: t(`severity.${severity}`) }))} />
        <Choice
          name="status"
          label={t('images.anyStatus')}
          options={[...(['complete', 'partial', 'failed'] as const).map((status) => ({ value: status, label: t(`status.${status}`) })), { value: 'not-scanned', label: t('status.notScanned') }]}
        />
        <Choice name="running" label={t('images.anyUse')} options={[{ value: 'true', label: t('images.inUse') }, { value: 'false', label: t('images.notInUse') }]} width={190} />
        <Choice name="verdict" label={t('images.anyVerdict')} options={(['allow', 'warn', 'deny', 'none'] as const).map((verdict) => ({ value: verdict, label: t(`verdict.${verdict}`) }))} width={130} />
        <Choice name="kind" label={t('images.anyKind')} options={[{ value: 'image', label: t('images.onlyImages') }, { value: 'host', label: t('images.onlyHosts') }]} width={160} />
      </div>
      <PagedTable<Row> path="/images" memory="images" sorted="score" query={chosen(get, names)} columns={columns(speech)} label={t('nav.images')} empty={<EmptyImages />} />
    </>
  );
}

function EmptyImages(): ReactNode {
  const { t } = useSpeech();
  return (
    <div>
      {t('images.empty')}
      <Command text="./palisade scan docker:NAME" />
    </div>
  );
}

function columns({ t, number, bytes }: Speech): Column<Row>[] {
  const known = (row: Row, value: string): string => (row.status === null ? '–' : value);
  return [
    {
      title: t('images.name'),
      key: 'name',
      sort: 'name',
      render: (_, row) => (
        <>
          <Link to={`/images/${encodeURIComponent(row.id)}`}>{row.name}</Link> {row.kind === 'host' ? <Tag>{t('images.host')}</Tag> : null}
        </>
      ),
    },
    { title: t('images.findings'), key: 'findings', sort: 'score', render: (_, row) => <Found counts={row.status === null ? null : row.counts} matched={row.feed !== null} uncovered={row.uncovered} /> },
    { title: t('images.fixable'), key: 'fixable', className: 'number', render: (_, row) => known(row, number(row.fixable)) },
    { title: t('images.packages'), key: 'packages', className: 'number', render: (_, row) => known(row, number(row.packages)) },
    { title: t('images.running'), key: 'running', sort: 'running', className: 'number', render: (_, row) => (row.running === 0 ? number(0) : <Link to={`/workloads?image=${encodeURIComponent(row.id)}`}>{number(row.running)}</Link>) },
    { title: t('images.status'), key: 'status', render: (_, row) => <Status row={row} /> },
    { title: t('images.verdict'), key: 'verdict', render: (_, row) => <VerdictTag verdict={row.verdict} /> },
    { title: t('images.size'), key: 'size', sort: 'size', className: 'number', render: (_, row) => (row.size === 0 ? '–' : bytes(row.size)) },
    { title: t('images.scanned'), key: 'scanned', render: (_, row) => <When at={row.scannedAt} /> },
    { title: t('images.firstSeen'), key: 'seen', sort: 'seen', spare: true, render: (_, row) => <When at={row.firstSeen} /> },
    { title: t('image.platform'), key: 'platform', spare: true, render: (_, row) => row.platform ?? '–' },
  ];
}

function Status({ row }: { row: Row }): ReactNode {
  const { t } = useSpeech();
  if (row.status === null) return t('status.notScanned');
  return (
    <span>
      {t(`status.${row.status}`)}
      {row.gaps > 0 ? (
        <>
          {', '}
          <Link to={`/images/${encodeURIComponent(row.id)}?tab=gaps`}>{t('images.gaps', { count: row.gaps })}</Link>
        </>
      ) : null}
    </span>
  );
}

import type { RuleRow } from '@palisade/app-console/routes/vulnerabilities';
import type { Overview } from '@palisade/app-console/routes/overview';
import { findingKinds } from '@palisade/model/finding';
import { severities } from '@palisade/model/severity';
import { useQuery } from '@tanstack/react-query';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { get } from '../api.ts';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { SeverityTag } from '../parts/severity-tag.tsx';
import { PageTitle, When } from '../parts/story.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';

type Row = z.infer<typeof RuleRow>;
const names = ['q', 'kind', 'severity', 'fixable', 'kev', 'running', 'exposed', 'waived', 'image', 'package', 'cluster'] as const;

/** Findings of every image, grouped by rule or CVE, worst first. */
export function Vulnerabilities(): ReactNode {
  const speech = useSpeech();
  const { t, number } = speech;
  const { get: filter, set } = useFilters();
  const query = chosen(filter, names);
  const facets = useQuery({ queryKey: ['/vulnerabilities', 'facets', query], queryFn: ({ signal }) => get<{ facets: { kind: Record<string, number>; severity: Record<string, number> } }>('/vulnerabilities', { ...query, limit: 1 }, signal), placeholderData: (before) => before });
  const counted = (text: string, count: number | undefined): string => (count === undefined ? text : `${text} (${number(count)})`);
  return (
    <>
      <PageTitle>{t('vulnerabilities.title')}</PageTitle>
      <div className="filters" role="search">
        <Search label={t('vulnerabilities.search')} />
        <Choice name="kind" label={t('vulnerabilities.kind')} options={findingKinds.map((kind) => ({ value: kind, label: counted(t(`kind.${kind}`), facets.data?.facets.kind[kind]) }))} />
        <Choice name="severity" label={t('images.anySeverity')} options={severities.map((severity) => ({ value: severity, label: counted(t(`severity.${severity}`), facets.data?.facets.severity[severity]) }))} />
        <Choice name="fixable" label={t('vulnerabilities.fixable')} options={[{ value: 'true', label: t('vulnerabilities.fixableYes') }, { value: 'false', label: t('vulnerabilities.fixableNo') }]} />
        <Choice name="kev" label={t('vulnerabilities.kev')} options={[{ value: 'true', label: t('vulnerabilities.kevYes') }]} />
        <Choice name="running" label={t('vulnerabilities.use')} options={[{ value: 'true', label: t('vulnerabilities.running') }]} width={180} />
        <Choice name="exposed" label={t('containers.anyExposure')} options={[{ value: 'true', label: t('vulnerabilities.exposed') }]} width={180} />
        <Choice name="waived" label={t('vulnerabilities.waivers')} options={[{ value: 'false', label: t('vulnerabilities.notWaived') }, { value: 'true', label: t('vulnerabilities.onlyWaived') }]} width={140} />
        {filter('package') === '' ? null : <Tag closable={{ 'aria-label': t('filter.clear') }} onClose={() => set('package', '')}>{t('vulnerabilities.onlyPackage', { name: filter('package') })}</Tag>}
        {filter('image') === '' ? null : <OnlyImage id={filter('image')} onClear={() => set('image', '')} />}
      </div>
      <PagedTable<Row> path="/vulnerabilities" memory="vulnerabilities" sorted="score" query={query} columns={columns(speech)} label={t('vulnerabilities.title')} empty={<Nothing filtered={names.some((name) => filter(name) !== '')} />} />
    </>
  );
}

function OnlyImage({ id, onClear }: { id: string; onClear: () => void }): ReactNode {
  const { t } = useSpeech();
  const image = useQuery({ queryKey: [`/images/${id}`], queryFn: ({ signal }) => get<{ name: string }>(`/images/${encodeURIComponent(id)}`, {}, signal) });
  return (
    <Tag closable={{ 'aria-label': t('filter.clear') }} onClose={onClear}>
      {t('vulnerabilities.onlyImage', { image: image.data?.name ?? '…' })}
    </Tag>
  );
}

/** Zero, with its proof. */
function Nothing({ filtered }: { filtered: boolean }): ReactNode {
  const { t, number } = useSpeech();
  const overview = useQuery({ queryKey: ['/overview'], queryFn: ({ signal }) => get<z.infer<typeof Overview>>('/overview', {}, signal) });
  if (filtered) return t('vulnerabilities.empty');
  const proof = overview.data?.proof;
  const scanned = proof === undefined ? 0 : proof.complete + proof.partial;
  if (scanned === 0) return t('overview.nothingLooked');
  return (
    <span>
      {t('vulnerabilities.none', { images: number(scanned) })} <Link to="/coverage">{t('nav.coverage')}</Link>
    </span>
  );
}

function columns({ t, say, number, locale }: Speech): Column<Row>[] {
  return [
    { title: t('finding.priority'), key: 'priority', sort: 'score', className: 'number', width: 80, render: (_, row) => number(Math.round(row.score)) },
    { title: t('images.severity'), key: 'severity', sort: 'severity', width: 110, render: (_, row) => <SeverityTag severity={row.severity} /> },
    { title: t('finding.rule'), key: 'rule', sort: 'rule', render: (_, row) => <Link className="mono" to={`/vulnerabilities/${row.kind}/${encodeURIComponent(row.rule)}`}>{row.rule}</Link> },
    {
      title: t('finding.title'), key: 'title',
      render: (_, row) => (
        <>
          {say(row.title)} {row.kev ? <Tag color="error">KEV</Tag> : null}
          {row.unanswered > 0 ? <Tag>{t('vulnerabilities.unanswered', { count: number(row.unanswered) })}</Tag> : null}
        </>
      ),
    },
    { title: t('gap.kind'), key: 'kind', spare: true, render: (_, row) => t(`kind.${row.kind}`) },
    { title: t('vulnerabilities.packages'), key: 'packages', render: (_, row) => <span className="mono">{row.packages.slice(0, 3).join(', ')}{row.packages.length > 3 ? ' …' : ''}</span> },
    { title: t('vulnerabilities.images'), key: 'images', sort: 'images', className: 'number', render: (_, row) => number(row.images) },
    { title: t('vulnerabilities.containers'), key: 'containers', sort: 'containers', className: 'number', render: (_, row) => number(row.containers) },
    { title: t('vulnerabilities.exposedColumn'), key: 'exposed', className: 'number', render: (_, row) => number(row.exposed) },
    { title: t('vulnerabilities.fixIn'), key: 'fixable', className: 'number', render: (_, row) => (row.kind === 'vulnerability' ? number(row.fixable) : '–') },
    { title: 'EPSS', key: 'epss', sort: 'epss', className: 'number', spare: true, render: (_, row) => (row.epss === null ? '–' : new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(row.epss)) },
    { title: t('vulnerabilities.firstSeen'), key: 'seen', sort: 'seen', render: (_, row) => <When at={row.firstSeen} /> },
  ];
}

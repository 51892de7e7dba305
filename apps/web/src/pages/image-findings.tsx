import type { Finding } from '@palisade/model/finding';
import { findingKinds } from '@palisade/model/finding';
import { severities } from '@palisade/model/severity';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import { SeverityTag } from '../parts/severity-tag.tsx';
import { useSpeech } from '../parts/text.ts';
import { Waived } from '../parts/waived.tsx';
import type { Detail } from './image.tsx';

type Row = Finding & { waivedBy: { id: string; name: string } | null };
const names = ['q', 'kind', 'severity', 'fixable', 'layer', 'waived'] as const;

/** The findings of one image, with filters; each leads to its rule's page. */
export function ImageFindings({ image }: { image: Detail }): ReactNode {
  const { t, say, number } = useSpeech();
  const { get } = useFilters();
  const empty = image.status === null ? t('status.notScanned') : names.some((name) => get(name) !== '') ? t('vulnerabilities.empty') : `${t('common.none')}${image.feed === null || image.uncovered > 0 ? `: ${t('image.notMatched')}` : ''}`;
  return (
    <>
      <div className="filters" role="search">
        <Search label={t('vulnerabilities.search')} width={200} />
        <Choice name="kind" label={t('vulnerabilities.kind')} options={findingKinds.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))} width={150} />
        <Choice name="severity" label={t('images.anySeverity')} options={severities.map((severity) => ({ value: severity, label: t(`severity.${severity}`) }))} width={150} />
        <Choice name="fixable" label={t('vulnerabilities.fixable')} options={[{ value: 'true', label: t('vulnerabilities.fixableYes') }, { value: 'false', label: t('vulnerabilities.fixableNo') }]} width={160} />
        <Choice name="layer" label={t('image.anyLayer')} options={layerOptions(image)} width={280} />
        <Choice name="waived" label={t('vulnerabilities.waivers')} options={[{ value: 'false', label: t('vulnerabilities.notWaived') }, { value: 'true', label: t('vulnerabilities.onlyWaived') }]} width={140} />
      </div>
      <PagedTable<Row>
        path={`/images/${encodeURIComponent(image.id)}/findings`}
        memory="image-findings"
        query={chosen(get, names)}
        label={t('images.findings')}
        empty={empty}
        columns={[
          { title: t('finding.priority'), key: 'priority', className: 'number', width: 80, render: (_, row) => number(Math.round(row.priority.score)) },
          { title: t('images.severity'), key: 'severity', width: 110, render: (_, row) => <SeverityTag severity={row.severity} /> },
          { title: t('finding.rule'), key: 'rule', render: (_, row) => <Link className="mono" to={`/vulnerabilities/${row.kind}/${encodeURIComponent(row.rule)}`}>{row.rule}</Link> },
          {
            title: t('finding.title'), key: 'title',
            render: (_, row) => (
              <>
                {say(row.title)} {row.kev === true ? <Tag color="error">KEV</Tag> : null}
                <Waived by={row.waivedBy} />
                {row.answer === 'unknown' ? <div className="quiet">{`${t('severity.unknown')}: ${row.reason ?? ''}`}</div> : null}
              </>
            ),
          },
          { title: t('finding.where'), key: 'where', render: (_, row) => <span className="mono">{row.package ?? row.path ?? '–'}</span> },
          { title: t('finding.fixed'), key: 'fixed', render: (_, row) => <span className="mono">{row.fixed ?? '–'}</span> },
          { title: t('vulnerability.instruction'), key: 'instruction', spare: true, render: (_, row) => <span className="mono">{row.instruction ?? '–'}</span> },
        ]}
      />
    </>
  );
}

/** Layers as choices, by their instructions. */
export function layerOptions(image: Detail): { value: string; label: string }[] {
  return image.layers.map((layer, at) => ({ value: layer.diffId, label: `${at + 1}. ${layer.instruction === '' ? layer.diffId : layer.instruction}`.slice(0, 80) }));
}

import type { NodeRow } from '@palisade/app-console/routes/nodes';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { Counts } from '../parts/counts.tsx';
import { useFilters } from '../parts/filters.ts';
import { Contact, Engines } from '../parts/node-marks.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { Command, PageTitle, When } from '../parts/story.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';
import { WorkloadTabs } from '../parts/workload-tabs.tsx';

type Row = z.infer<typeof NodeRow>;
const names = ['q', 'contact', 'engine', 'watched', 'cluster'] as const;

/** Every machine with an agent. */
export function Nodes(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get } = useFilters();
  const query = chosen(get, names);
  return (
    <>
      <PageTitle>{t('nav.workloads')}</PageTitle>
      <WorkloadTabs here="/workloads/nodes" />
      <div className="filters" role="search">
        <Search label={t('nodes.search')} />
        <Choice name="contact" label={t('nodes.anyContact')} options={(['online', 'silent', 'never', 'revoked'] as const).map((value) => ({ value, label: t(`contact.${value}`) }))} />
        <Choice name="engine" label={t('nodes.anyEngine')} options={[{ value: 'connected', label: t('nodes.engineConnected') }, { value: 'none', label: t('nodes.engineNone') }]} />
        <Choice name="watched" label={t('nodes.anySensor')} options={[{ value: 'true', label: t('nodes.watched') }, { value: 'false', label: t('nodes.unwatched') }]} width={190} />
      </div>
      <PagedTable<Row> path="/nodes" memory="nodes" sorted="name" query={query} columns={columns(speech)} label={t('workloads.nodes')} empty={<EmptyNodes />} />
    </>
  );
}

function EmptyNodes(): ReactNode {
  const { t } = useSpeech();
  return (
    <div>
      {t('nodes.empty')}
      <Command text="./palisade agent --join TOKEN" />
    </div>
  );
}

function columns({ t, number }: Speech): Column<Row>[] {
  return [
    { title: t('node.name'), key: 'name', sort: 'name', render: (_, row) => <Link to={`/workloads/nodes/${encodeURIComponent(row.id)}`}>{row.name}</Link> },
    { title: t('node.cluster'), key: 'cluster', render: (_, row) => row.clusterName },
    { title: t('node.contact'), key: 'contact', render: (_, row) => <Contact contact={row.contact} /> },
    { title: t('node.seen'), key: 'seen', sort: 'seen', render: (_, row) => <When at={row.seenAt} /> },
    { title: t('node.engines'), key: 'engines', render: (_, row) => <Engines engines={row.engines} /> },
    { title: t('node.sensor'), key: 'sensor', render: (_, row) => (row.sensor === null ? t('nodes.unwatched') : row.sensor.state === 'armed' ? t('node.sensorArmed') : t('node.sensorOff')) },
    { title: t('node.containers'), key: 'containers', className: 'number', render: (_, row) => <Link to={`/workloads?node=${encodeURIComponent(row.id)}`}>{`${number(row.running)} / ${number(row.containers)}`}</Link> },
    { title: t('node.gaps'), key: 'gaps', className: 'number', render: (_, row) => <Link to={`/coverage?node=${encodeURIComponent(row.id)}`}>{number(row.gaps)}</Link> },
    { title: t('node.host'), key: 'host', render: (_, row) => (row.host === null ? t('node.hostNone') : <Link to={`/images/${encodeURIComponent(row.host.id)}`}><Counts counts={row.host.counts} /></Link>) },
    { title: t('node.version'), key: 'version', spare: true, render: (_, row) => row.version ?? '–' },
    { title: t('node.os'), key: 'os', render: (_, row) => row.os ?? '–' },
    { title: t('node.kernel'), key: 'kernel', spare: true, render: (_, row) => <span className="mono">{row.kernel ?? '–'}</span> },
  ];
}

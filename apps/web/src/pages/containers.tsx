import type { ContainerRow } from '@palisade/app-console/routes/containers';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { Found } from '../parts/found.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { SeverityTag } from '../parts/severity-tag.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { PageTitle, When } from '../parts/story.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';
import { WorkloadTabs } from '../parts/workload-tabs.tsx';

type Row = z.infer<typeof ContainerRow>;
const names = ['q', 'state', 'exposed', 'privileged', 'removed', 'risk', 'image', 'node', 'project', 'namespace'] as const;
const states = ['running', 'paused', 'restarting', 'created', 'exited', 'dead', 'unknown'] as const;

/** Every container that agents know, the most dangerous way of running first. */
export function Containers(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get, set } = useFilters();
  const query = chosen(get, names);
  return (
    <>
      <PageTitle>{t('nav.workloads')}</PageTitle>
      <WorkloadTabs here="/workloads" />
      <div className="filters" role="search">
        <Search label={t('containers.search')} />
        <Choice name="state" label={t('containers.anyState')} options={states.map((state) => ({ value: state, label: t(`state.${state}`) }))} />
        <Choice name="exposed" label={t('containers.anyExposure')} options={[{ value: 'true', label: t('container.exposed') }]} />
        <Choice name="privileged" label={t('containers.anyPrivilege')} options={[{ value: 'true', label: t('container.privileged') }]} />
        <Choice name="removed" label={t('containers.present')} options={[{ value: 'true', label: t('containers.removed') }]} width={120} />
        {(['risk', 'image', 'node', 'project', 'namespace'] as const).map((name) =>
          get(name) === '' ? null : (
            <Tag key={name} closable={{ 'aria-label': t('filter.clear') }} onClose={() => set(name, '')}>
              {t('filter.only', { what: name === 'risk' || name === 'project' || name === 'namespace' ? get(name) : t(`container.${name}`) })}
            </Tag>
          ),
        )}
      </div>
      <PagedTable<Row> path="/containers" memory="containers" sorted="risk" query={query} columns={containerColumns(speech)} label={t('workloads.containers')} empty={t('containers.empty')} />
    </>
  );
}

export function containerColumns({ t, number }: Speech): Column<Row>[] {
  return [
    { title: t('container.name'), key: 'name', sort: 'name', render: (_, row) => <Link to={`/workloads/containers/${encodeURIComponent(row.id)}`}>{row.name}</Link> },
    { title: t('container.state'), key: 'state', render: (_, row) => <StateMark state={row.state} /> },
    {
      title: t('container.how'), key: 'risk', sort: 'risk',
      render: (_, row) => (
        <>
          {row.worst === null ? t('container.fine') : <SeverityTag severity={row.worst} />} {row.risks.length > 0 ? t('container.rules', { count: number(row.risks.length) }) : null} {row.privileged ? <Tag color="error">{t('container.privileged')}</Tag> : null}
          {row.exposed ? <Tag>{t('container.exposed')}</Tag> : null}
        </>
      ),
    },
    { title: t('container.image'), key: 'image', render: (_, row) => <Link to={`/images/${encodeURIComponent(row.image.id)}`}>{row.image.name}</Link> },
    { title: t('container.imageRisk'), key: 'score', sort: 'score', render: (_, row) => <Found {...row.image} /> },
    { title: t('container.ports'), key: 'ports', render: (_, row) => <span className="mono">{row.ports.filter((port) => port.hostPort !== undefined).map((port) => `${port.hostPort ?? ''}→${port.containerPort}/${port.protocol}`).join(', ') || '–'}</span> },
    { title: t('container.node'), key: 'node', render: (_, row) => <Link to={`/workloads/nodes/${encodeURIComponent(row.node.id)}`}>{row.node.name}</Link> },
    { title: t('container.project'), key: 'project', render: (_, row) => row.project ?? row.namespace ?? '–' },
    { title: t('container.engine'), key: 'engine', spare: true, render: (_, row) => row.engine },
    { title: t('container.started'), key: 'started', render: (_, row) => <When at={row.startedAt} /> },
    { title: t('container.changed'), key: 'changed', sort: 'changed', spare: true, render: (_, row) => <When at={row.changedAt} /> },
  ];
}

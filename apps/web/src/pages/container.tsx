import type { ContainerDetail } from '@palisade/app-console/routes/containers';
import { Alert, Table } from 'antd';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import type { z } from 'zod';
import { PriorityTag } from '../parts/detection-columns.tsx';
import { Found } from '../parts/found.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { responseColumns } from '../parts/response-columns.tsx';
import { SeverityTag } from '../parts/severity-tag.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { Facts, Mono, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { Wide } from '../parts/wide.tsx';
import { Activity } from './container-activity.tsx';
import { ContainerActions } from './container-actions.tsx';

type Detail = z.infer<typeof ContainerDetail>;

/** One container: what it is, what the way it runs opens, what can be done to it now. */
export function ContainerPage(): ReactNode {
  const { id = '' } = useParams();
  return <Loaded<Detail> path={`/containers/${encodeURIComponent(id)}`} every={3000}>{(detail) => <Story detail={detail} />}</Loaded>;
}

function Story({ detail }: { detail: Detail }): ReactNode {
  const speech = useSpeech();
  const { t, number, bytes, ago } = speech;
  const { container } = detail;
  const { limits } = container;
  const none = t('common.none');
  const shared = Object.entries({ pid: container.pidMode, network: container.networkMode, ipc: container.ipcMode, uts: container.utsMode, user: container.usernsMode }).filter(([, mode]) => mode === 'host').map(([name]) => name);
  return (
    <>
      <PageTitle aside={<StateMark state={detail.state} />}>{detail.name}</PageTitle>
      {detail.removedAt === null ? null : <Alert type="info" showIcon title={t('container.gone', { ago: ago(detail.removedAt) })} style={{ marginBottom: 12 }} />}
      <Facts
        items={[
          { label: t('container.image'), value: <><Link to={`/images/${encodeURIComponent(detail.image.id)}`}>{detail.image.name}</Link> <Found {...detail.image} /></> },
          { label: t('container.node'), value: <Link to={`/workloads/nodes/${encodeURIComponent(detail.node.id)}`}>{detail.node.name}</Link> },
          { label: t('container.project'), value: detail.project ?? detail.namespace ?? '–' },
          { label: t('container.started'), value: <When at={detail.startedAt} /> },
          { label: t('container.user'), value: <span className="mono">{container.user === '' ? 'root' : container.user}</span> },
          { label: t('container.command'), value: <span className="mono">{container.command.join(' ')}</span> },
          { label: t('container.ports'), value: <span className="mono">{container.ports.map((port) => `${port.hostPort === undefined ? '' : `${port.hostIp ?? ''}:${port.hostPort}→`}${port.containerPort}/${port.protocol}`).join(', ') || none}</span> },
          { label: t('container.capabilities'), value: <span className="mono">{`${container.capAdd.join(', ') || none} / ${container.capDrop.join(', ') || none}`}</span> },
          { label: t('container.security'), value: <span className="mono">{container.securityOpt.join(', ') || none}</span> },
          { label: t('container.limits'), value: `${limits.memory === null ? none : bytes(limits.memory)}, ${limits.cpus === null ? none : number(limits.cpus)}, ${limits.pids === null ? none : number(limits.pids)}` },
          { label: t('container.namespaces'), value: shared.length === 0 ? none : shared.join(', ') },
          { label: t('container.engine'), value: <>{detail.engine} <Mono text={container.id} short={container.id.slice(0, 12)} /></> },
        ]}
      />
      {detail.isolated ? <Alert type="warning" showIcon title={t('container.isolated')} style={{ marginTop: 12 }} /> : null}
      <ContainerActions detail={detail} />
      <Part title={t('container.detections')}>
        <p>{detail.detections.worst === null ? null : <PriorityTag priority={detail.detections.worst} />} <Link to={`/detections?container=${encodeURIComponent(detail.id)}&waived=all`}>{t('container.detectionsOpen', { open: number(detail.detections.open), waived: number(detail.detections.waived) })}</Link></p>
      </Part>
      {detail.responses.length === 0 ? null : (
        <Part title={t('responses.about')} aside={<Link to={`/responses?container=${encodeURIComponent(detail.id)}`}>{t('common.all')}</Link>}>
          <Wide label={t('responses.about')}><Table size="small" pagination={false} rowKey="id" dataSource={detail.responses} columns={responseColumns(speech).filter((column) => column.key !== 'where')} /></Wide>
        </Part>
      )}
      {detail.removedAt === null ? <Activity id={detail.id} /> : null}
      <Part title={t('container.findings')}>
        <Findings detail={detail} />
      </Part>
      <Part title={t('container.listening')}>
        <Listening detail={detail} />
      </Part>
      <Part title={t('container.processes')}>
        {container.processes === undefined ? <p>{t('container.processesUnknown')}</p> : <p className="mono">{container.processes.map((one) => (one.count === 1 ? one.name : `${one.name} ×${one.count}`)).join(', ')}</p>}
      </Part>
      <Part title={t('container.mounts')}>
        {container.mounts.length === 0 ? (
          <p>{t('container.noMounts')}</p>
        ) : (
          <Wide label={t('container.mounts')}>
            <Table
              size="small"
              rowKey="destination"
              pagination={false}
              dataSource={container.mounts}
              columns={[
                { title: t('container.destination'), key: 'destination', render: (_, mount) => <span className="mono">{mount.destination}</span> },
                { title: t('container.source'), key: 'source', render: (_, mount) => <span className="mono">{mount.source}</span> },
                { title: t('gap.kind'), dataIndex: 'kind' },
                { title: t('container.how'), key: 'write', render: (_, mount) => t(mount.readOnly ? 'container.readOnly' : 'container.writable') },
              ]}
            />
          </Wide>
        )}
      </Part>
    </>
  );
}

function Findings({ detail }: { detail: Detail }): ReactNode {
  const { t, say } = useSpeech();
  return (
    <Wide label={t('container.findings')}>
      <Table
        size="small"
        rowKey="id"
        pagination={false}
        dataSource={detail.findings}
        locale={{ emptyText: t('container.fine') }}
        columns={[
          { title: t('images.severity'), key: 'severity', width: 110, render: (_, finding) => <SeverityTag severity={finding.severity} /> },
          {
            title: t('finding.title'), key: 'title',
            render: (_, finding) => (
              <>
                <b>{say(finding.title)}</b>
                <div className="quiet">{finding.description === undefined ? '' : say(finding.description)}</div>
              </>
            ),
          },
          { title: t('vulnerability.evidence'), key: 'evidence', render: (_, finding) => <span className="mono">{finding.evidence ?? ''}</span> },
          { title: t('gap.remedy'), key: 'remedy', render: (_, finding) => (finding.remedy === undefined ? '' : say(finding.remedy)) },
        ]}
      />
    </Wide>
  );
}

function Listening({ detail }: { detail: Detail }): ReactNode {
  const { t } = useSpeech();
  const { listening } = detail.container;
  if (listening === undefined) return <p>{t('container.listeningUnknown')}</p>;
  if (listening.length === 0) return <p>{t('container.noListening')}</p>;
  return (
    <Wide label={t('container.listening')}>
      <Table
        size="small"
        rowKey={(port) => `${port.protocol} ${port.address} ${port.port}`}
        pagination={false}
        dataSource={listening}
        columns={[
          { title: t('container.address'), key: 'address', render: (_, port) => <span className="mono">{`${port.address}:${port.port}/${port.protocol}`}</span> },
          { title: t('container.process'), key: 'process', render: (_, port) => <span className="mono">{port.process ?? '–'}</span> },
        ]}
      />
    </Wide>
  );
}

import type { DetectionDetail } from '@palisade/app-console/routes/detections';
import type { WaiverProposal } from '@palisade/app-console/responses/waiver-proposal';
import { techniquesOf } from '@palisade/model/tactic';
import { Alert, Button, Popconfirm, Space, Table } from 'antd';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import type { z } from 'zod';
import { call, get } from '../api.ts';
import { useAct } from '../parts/act.ts';
import { PriorityTag, tacticNames } from '../parts/detection-columns.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { RecordedEvents, Timeline } from '../parts/recorded-events.tsx';
import { responseColumns } from '../parts/response-columns.tsx';
import { Facts, Mono, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { Wide } from '../parts/wide.tsx';
import { useSession } from '../session.tsx';

type Detail = z.infer<typeof DetectionDetail>;
const actionTexts = { isolate: 'detections.isolate', reconnect: 'detections.reconnect', collect: 'detections.collect', 'kill-process': 'detections.killProcess', pause: 'container.pause', unpause: 'container.unpause', stop: 'container.stop', kill: 'container.kill' } as const;

/** What happened in one sentence, who did it, what was around it, what was done, what to do now. */
export function DetectionPage(): ReactNode {
  const { id = '' } = useParams();
  return <Loaded<Detail> path={`/detections/${encodeURIComponent(id)}`} every={5000}>{(detail) => <Story detail={detail} />}</Loaded>;
}

function Story({ detail }: { detail: Detail }): ReactNode {
  const speech = useSpeech();
  const { t, say, number } = speech;
  const { detection } = detail;
  return (
    <>
      <PageTitle>{say(detail.title)}</PageTitle>
      <p className="intro">{detection.what === undefined ? detail.output : say(detection.what)}</p>
      {detail.waiver === null ? null : <Alert type="info" showIcon title={<>{t('detections.waived')} {detail.waiver.id === null ? <b>{detail.waiver.text}</b> : <Link to={`/waivers/${detail.waiver.id}`}>{detail.waiver.text}</Link>}</>} description={t('detections.waivedNote')} style={{ marginBottom: 12 }} />}
      {detection.waiverEnded === undefined ? null : <Alert type="info" showIcon title={<>{t('detections.waiverEnded')} <Link to={`/waivers?q=${encodeURIComponent(detection.waiverEnded)}`}>{detection.waiverEnded}</Link></>} style={{ marginBottom: 12 }} />}
      {detail.folded ? <Alert type="info" showIcon title={t('detections.folded')} style={{ marginBottom: 12 }} /> : null}
      <Facts
        items={[
          { label: t('detections.priority'), value: <PriorityTag priority={detail.priority} /> },
          { label: t('detections.where'), value: detail.container === null ? t('detections.onNode') : <Link to={`/workloads/containers/${encodeURIComponent(detail.container.id)}`}>{detail.container.name}</Link> },
          { label: t('detections.node'), value: <Link to={`/workloads/nodes/${encodeURIComponent(detail.node.id)}`}>{detail.node.name}</Link> },
          { label: t('detections.image'), value: <span className="mono">{detail.image ?? '–'}</span> },
          { label: t('detections.when'), value: <When at={detail.at} /> },
          { label: t('detections.last'), value: <When at={detail.lastAt} /> },
          { label: t('detections.count'), value: number(detail.count) },
          { label: t('detections.tactics'), value: `${tacticNames(detail.tactics, speech) || '–'} ${techniquesOf(detection.tags).join(', ')}` },
          { label: t('detections.rule'), value: <Link to={`/detections?rule=${encodeURIComponent(detail.rule)}`}>{detail.rule}</Link> },
          { label: t('detections.incident'), value: detail.incident === null ? '–' : <Link to={`/incidents/${detail.incident}`}>{t('detections.incident')}</Link> },
        ]}
      />
      {detection.why === undefined ? null : <Part title={t('detections.why')}><p>{say(detection.why)}</p></Part>}
      <Part title={t('detections.remedy')}><p>{detection.remedy === undefined ? t('detections.noRemedy') : say(detection.remedy)}</p></Part>
      <Response detail={detail} />
      <Tree tree={detection.tree} />
      <Events around={detection.around} />
      <Part title={t('detections.output')}><Mono text={detail.output} /></Part>
      <Part title={t('detections.fields')}>
        <Facts items={Object.entries(detection.fields).map(([label, value]) => ({ label, value: <span className="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</span> }))} />
      </Part>
    </>
  );
}

/** Leads to the form of a waiver, filled in as narrowly as this detection allows; the reason is still to be written. */
function Tune({ id }: { id: string }): ReactNode {
  const { t } = useSpeech();
  const act = useAct();
  const navigate = useNavigate();
  const propose = (): void => void act(
    () => get<z.infer<typeof WaiverProposal>>(`/detections/${encodeURIComponent(id)}/waiver`),
    ({ name, match, where, until }) => void navigate(`/waivers/new?${new URLSearchParams({ target: 'runtimeRule', name, date: until, ...match, ...where }).toString()}`),
  );
  return <Button size="small" onClick={propose}>{t('detections.tune')}</Button>;
}

function Response({ detail }: { detail: Detail }): ReactNode {
  const speech = useSpeech();
  const { t, number } = speech;
  const { user } = useSession();
  const path = `/detections/${encodeURIComponent(detail.id)}`;
  const act = useAct(path, '/detections', '/responses');
  const responds = user.role === 'approver' || user.role === 'admin';
  const triages = user.role !== 'viewer';
  const ask = (action: string): void => void act(() => call('POST', `${path}/actions`, { action }));
  const become = (state: string): void => void act(() => call('POST', `${path}/state`, { state }));
  const name = detail.container?.name ?? '';
  const { process, containerState } = detail;
  return (
    <Part title={t('detections.actions')}>
      <p>{t(`detections.${detail.action}` as 'detections.alerted')} {t('detections.state')}: {t(`detections.${detail.state}`)}</p>
      <Space wrap>
        {!responds || process === null ? null : (
          <Popconfirm title={t('detections.confirmKillProcess', { name: process.name, pid: process.pid })} okText={t('detections.killProcess')} okButtonProps={{ danger: true }} onConfirm={() => ask('kill-process')}>
            <Button size="small" danger>{t('detections.killProcess')}</Button>
          </Popconfirm>
        )}
        {!responds ? null : (
          <Popconfirm title={t('detections.confirmCollect')} okText={t('detections.collect')} onConfirm={() => ask('collect')}><Button size="small">{t('detections.collect')}</Button></Popconfirm>
        )}
        {!responds || detail.container === null || containerState === null || containerState === 'exited' ? null : (
          <Popconfirm title={t(detail.isolated ? 'container.confirmReconnect' : 'container.confirmIsolate', { name })} okText={t(detail.isolated ? 'detections.reconnect' : 'detections.isolate')} onConfirm={() => ask(detail.isolated ? 'reconnect' : 'isolate')}>
            <Button size="small">{t(detail.isolated ? 'detections.reconnect' : 'detections.isolate')}</Button>
          </Popconfirm>
        )}
        {!responds || containerState !== 'running' ? null : (
          <>
            <Popconfirm title={t('container.confirmPause', { name })} okText={t('container.pause')} onConfirm={() => ask('pause')}><Button size="small">{t('container.pause')}</Button></Popconfirm>
            <Popconfirm title={t('container.confirmStop', { name })} okText={t('container.stop')} okButtonProps={{ danger: true }} onConfirm={() => ask('stop')}><Button size="small">{t('container.stop')}</Button></Popconfirm>
          </>
        )}
        {!responds || containerState !== 'paused' ? null : <Popconfirm title={t('container.confirmUnpause', { name })} okText={t('container.unpause')} onConfirm={() => ask('unpause')}><Button size="small">{t('container.unpause')}</Button></Popconfirm>}
        {!triages || detail.state !== 'open' ? null : <Button size="small" onClick={() => become('acknowledged')}>{t('detections.acknowledge')}</Button>}
        {!triages ? null : <Button size="small" onClick={() => become(detail.state === 'closed' ? 'open' : 'closed')}>{t(detail.state === 'closed' ? 'detections.reopen' : 'detections.close')}</Button>}
      </Space>
      {triages && detail.waiver === null ? <p><Tune id={detail.id} /></p> : null}
      {detail.responses.length === 0 ? <p className="quiet">{t('responses.none')}</p> : (
        <Wide label={t('responses.about')}>
          <Table size="small" pagination={false} rowKey="id" dataSource={detail.responses} columns={responseColumns(speech).filter((column) => column.key !== 'detection' && column.key !== 'where')} />
        </Wide>
      )}
      {detail.evidence.length === 0 ? null : <ul className="plain">{detail.evidence.map((one) => <li key={one.id}><When at={one.at} /> · <Link to={`/evidence/${encodeURIComponent(one.id)}`}>{t('evidence.title')}</Link> · {t('evidence.count', { count: number(one.files) })}</li>)}</ul>}
      {detail.actions.length === 0 ? null : (
        <ul className="plain" aria-live="polite">
          {detail.actions.map((done) => (
            <li key={done.id}>
              <When at={done.createdAt} /> · <b>{Object.hasOwn(actionTexts, done.action) ? t(actionTexts[done.action as 'kill']) : done.action}</b> · {t(`action.${done.state}`)}{done.message === null ? '' : ` (${done.message})`} · <span className="quiet">{t('container.by', { name: done.createdBy })}</span>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

type Process = Detail['detection']['tree'][number];

/** Parent above child; the branch that leads to the one that did it stands out by a bar and a word, not by colour alone. */
function Tree({ tree }: { tree: readonly Process[] }): ReactNode {
  const { t, number } = useSpeech();
  const known = new Set(tree.map((process) => process.pid));
  const last = tree.findLast((process) => process.guilty);
  const branch = (process: Process): ReactNode => (
    <li key={`${process.pid}:${process.start}`}>
      <span className={process.guilty ? 'guilty' : undefined}>
        <b>{process.name}</b> <span className="quiet">{number(process.pid)}</span> <span className="mono">{process.command}</span>
        {process === last ? <b> ← {t('detections.guilty')}</b> : null}
      </span>
      {below(process.pid)}
    </li>
  );
  const below = (pid: number): ReactNode => {
    const children = tree.filter((process) => process.parent === pid && process.pid !== pid);
    return children.length === 0 ? null : <ul>{children.map(branch)}</ul>;
  };
  return (
    <Part title={t('detections.tree')}>
      {tree.length === 0 ? <p className="quiet">{t('detections.noTree')}</p> : <ul className="process-tree">{tree.filter((process) => process.parent === undefined || !known.has(process.parent)).map(branch)}</ul>}
    </Part>
  );
}

function Events({ around }: { around: Detail['detection']['around'] }): ReactNode {
  const { t, number, locale } = useSpeech();
  const seconds = (value: number): string => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);
  return (
    <Part title={t('detections.events')}>
      {around === undefined ? (
        <p className="quiet">{t('detections.noEvents')}</p>
      ) : (
        <>
          <p>{t('detections.held', { before: seconds(around.secondsBefore), after: seconds(around.secondsAfter) })} {around.dropped ? t('detections.dropped') : ''} {around.left > 0 ? t('detections.eventsLeft', { count: number(around.left) }) : ''}</p>
          <Timeline around={around} />
          <RecordedEvents events={around.events} label={t('detections.events')} />
        </>
      )}
    </Part>
  );
}

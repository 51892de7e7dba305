import type { DetectionRow } from '@palisade/app-console/routes/detections';
import type { IncidentDetail } from '@palisade/app-console/routes/incidents';
import { Alert, Button, Space } from 'antd';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import type { z } from 'zod';
import { call } from '../api.ts';
import { useAct } from '../parts/act.ts';
import { PriorityTag, detectionColumns, tacticNames } from '../parts/detection-columns.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Facts, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { useSession } from '../session.tsx';

type Detail = z.infer<typeof IncidentDetail>;

/** One story: its verdict with reasons, its detections, who looks after it. */
export function IncidentPage(): ReactNode {
  const { id = '' } = useParams();
  return <Loaded<Detail> path={`/incidents/${encodeURIComponent(id)}`} every={5000}>{(detail) => <Story detail={detail} />}</Loaded>;
}

function Story({ detail }: { detail: Detail }): ReactNode {
  const speech = useSpeech();
  const { t, say } = speech;
  const { user } = useSession();
  const path = `/incidents/${encodeURIComponent(detail.id)}`;
  const act = useAct(path, '/incidents', '/overview');
  const change = (body: object): void => void act(() => call('PATCH', path, body));
  const triages = user.role !== 'viewer' && detail.mergedInto === null;
  return (
    <>
      <PageTitle>{say(detail.title)}</PageTitle>
      {detail.mergedInto === null ? null : <Alert type="info" showIcon title={t('incidents.merged')} action={<Link to={`/incidents/${detail.mergedInto}`}>{t('detections.incident')}</Link>} style={{ marginBottom: 12 }} />}
      <Facts
        items={[
          { label: t('incidents.verdict'), value: detail.verdict === null ? '–' : <b>{t(`incidents.${detail.verdict}`)}</b> },
          { label: t('detections.priority'), value: <PriorityTag priority={detail.priority} /> },
          { label: t('detections.state'), value: t(`incidents.${detail.state}`) },
          { label: t('incidents.owner'), value: detail.owner ?? t('incidents.nobody') },
          { label: t('detections.where'), value: detail.container === null ? <Link to={`/workloads/nodes/${encodeURIComponent(detail.node.id)}`}>{detail.node.name}</Link> : <Link to={`/workloads/containers/${encodeURIComponent(detail.container.id)}`}>{detail.container.name}</Link> },
          { label: t('detections.tactics'), value: tacticNames(detail.tactics, speech) || '–' },
          { label: t('incidents.first'), value: <When at={detail.at} /> },
          { label: t('incidents.last'), value: <When at={detail.lastAt} /> },
        ]}
      />
      {triages ? (
        <Space wrap style={{ marginTop: 12 }}>
          {detail.state === 'open' ? <Button size="small" type="primary" onClick={() => change({ state: 'investigating', owner: detail.owner ?? user.name })}>{t('incidents.investigate')}</Button> : null}
          {detail.owner === user.name ? <Button size="small" onClick={() => change({ owner: null })}>{t('incidents.release')}</Button> : <Button size="small" onClick={() => change({ owner: user.name })}>{t('incidents.take')}</Button>}
          <Button size="small" onClick={() => change({ state: detail.state === 'closed' ? 'open' : 'closed' })}>{t(detail.state === 'closed' ? 'incidents.reopen' : 'incidents.close')}</Button>
        </Space>
      ) : null}
      <Part title={t('incidents.reasons')}>
        <ul>{detail.reasons.map((reason) => <li key={reason.en}>{say(reason)}</li>)}</ul>
      </Part>
      <Part title={t('incidents.detections')}>
        <PagedTable<z.infer<typeof DetectionRow>> path="/detections" query={{ incident: detail.id }} columns={detectionColumns(speech)} label={t('incidents.detections')} empty="–" />
      </Part>
      <Part title={t('incidents.changes')}>
        {detail.changes.length === 0 ? <p className="quiet">{t('incidents.noChanges')}</p> : (
          <ul className="plain">
            {detail.changes.map((one) => <li key={`${one.at} ${one.action}`}><When at={one.at} /> · {one.actor} · {t(one.action === 'incident.owner' ? 'incidents.owner' : 'detections.state')}: {one.from ?? '–'} → {one.to ?? '–'}</li>)}
          </ul>
        )}
      </Part>
    </>
  );
}

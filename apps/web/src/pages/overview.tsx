import type { Overview as Shape } from '@palisade/app-console/routes/overview';
import { Alert, Button, Space } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Counts } from '../parts/counts.tsx';
import { GapKind } from '../parts/gap-kind.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { SeverityTag } from '../parts/severity-tag.tsx';
import { Command, PageTitle, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';

type Data = z.infer<typeof Shape>;

/** Three questions, one glance: under attack, fix first, not looked at. */
export function Overview(): ReactNode {
  const { t } = useSpeech();
  return (
    <>
      <PageTitle>{t('nav.overview')}</PageTitle>
      <Loaded<Data> path="/overview" every={10_000}>
        {(data) => (
          <>
            {data.feed === null ? <FirstFeed /> : null}
            <div className="questions">
              <Attack data={data} />
              <Fix data={data} />
              <Blind data={data} />
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

const laterKey = 'palisade.feed.later';

/** What to do before anything else: a feed, by pull, by import, or later. */
function FirstFeed(): ReactNode {
  const { t } = useSpeech();
  const [later, setLater] = useState(() => sessionStorage.getItem(laterKey) === 'yes');
  if (later) return null;
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 16 }}
      title={t('start.title')}
      description={
        <>
          <p>{t('start.why')}</p>
          <Space wrap>
            <Link to="/feeds?pull=1" title={t('start.pullNote')}>
              {t('start.pull')}
            </Link>
            <Link to="/feeds" title={t('start.importNote')}>
              {t('start.import')}
            </Link>
            <Button
              size="small"
              onClick={() => {
                sessionStorage.setItem(laterKey, 'yes');
                setLater(true);
              }}
            >
              {t('start.later')}
            </Button>
          </Space>
          <p className="quiet">{t('start.pullNote')}</p>
        </>
      }
    />
  );
}

function Attack({ data: { attack } }: { data: Data }): ReactNode {
  const { t, say, number } = useSpeech();
  const unwatched = attack.nodes - attack.watched;
  const nobody = attack.nodes === 0;
  return (
    <section className="question" aria-label={t('overview.attack')}>
      <h2>{t('overview.attack')}</h2>
      <p className="answer">
        {attack.openIncidents > 0 ? (
          <Link to="/incidents">{t('overview.incidents', { count: number(attack.openIncidents) })}</Link>
        ) : nobody ? (
          t('overview.unwatchedNone')
        ) : attack.watched === 0 ? (
          t('overview.unwatchedAll', { nodes: number(attack.nodes) })
        ) : (
          t('overview.noIncidents')
        )}
      </p>
      <ul>
        {attack.incidents.map((incident) => (
          <li key={incident.id}>
            <div className="row">
              <Link to={`/incidents/${incident.id}`}>{typeof incident.title === 'string' ? incident.title : say(incident.title)}</Link>
              <When at={incident.lastAt} />
            </div>
            <div className="next">
              {incident.container === null ? incident.node : <Link to={`/workloads/containers/${encodeURIComponent(incident.container.id)}`}>{incident.container.name}</Link>}
            </div>
          </li>
        ))}
        {!nobody && unwatched > 0 ? (
          <li>
            <div className="row">
              <span>{attack.watched === 0 ? t('overview.seeNodes') : t('overview.unwatchedSome', { unwatched: number(unwatched), nodes: number(attack.nodes) })}</span>
              <Link to="/workloads/nodes?watched=false">{t('overview.see')}</Link>
            </div>
          </li>
        ) : null}
        {nobody ? (
          <li>
            {t('overview.addNode')}
            <Command text="./palisade agent --join TOKEN" />
          </li>
        ) : null}
      </ul>
      {nobody ? null : <div className="proof">{t('overview.attackProof', { watched: number(attack.watched), nodes: number(attack.nodes), detections: number(attack.detections24h) })}</div>}
    </section>
  );
}

function Fix({ data: { fix, proof, feed } }: { data: Data }): ReactNode {
  const { t, say, number, ago } = useSpeech();
  const scanned = proof.complete + proof.partial;
  const next = (item: Data['fix']['items'][number]): string => (item.kind === 'secret' ? t('overview.rotate') : item.kind === 'misconfiguration' ? t('overview.change') : item.fixable > 0 ? t('overview.fixable') : t('overview.noFix'));
  return (
    <section className="question" aria-label={t('overview.fix')}>
      <h2>{t('overview.fix')}</h2>
      <p className="answer several">
        {fix.rules > 0 ? <Link to="/vulnerabilities?waived=false">{t('overview.rules', { count: number(fix.rules) })}</Link> : scanned > 0 ? t('overview.nothingFound') : t('overview.nothingLooked')}
        {fix.exploited > 0 ? <Link to="/vulnerabilities?kev=true">{t('overview.exploited', { count: number(fix.exploited) })}</Link> : null}
        {fix.secrets > 0 ? <Link to="/vulnerabilities?kind=secret">{t('overview.secrets', { count: number(fix.secrets) })}</Link> : null}
        {fix.risky > 0 ? <Link to="/workloads/risks">{t('overview.risky', { count: number(fix.risky) })}</Link> : null}
      </p>
      <ul>
        {fix.items.map((item) => (
          <li key={item.id}>
            <div className="row">
              <span>
                <SeverityTag severity={item.severity} /> <Link to={`/vulnerabilities/${item.kind}/${encodeURIComponent(item.rule)}`}>{item.rule}</Link>
              </span>
              <span className="number">{number(Math.round(item.score))}</span>
            </div>
            <div>{say(item.title)}</div>
            <div className="next quiet">
              {t('overview.where', { images: number(item.images), containers: number(item.containers) })} · {next(item)}
            </div>
          </li>
        ))}
      </ul>
      <div className="proof">
        <Link to="/images">{t('overview.fixProof', { images: number(proof.images), complete: number(proof.complete), partial: number(proof.partial) })}</Link>, {feed === null ? t('overview.noFeed') : t('overview.feedAge', { ago: ago(feed.built) })}
        {scanned > 0 ? (
          <>
            {' '}
            <Counts counts={proof.counts} />
          </>
        ) : null}
      </div>
    </section>
  );
}

function Blind({ data: { blind, proof } }: { data: Data }): ReactNode {
  const { t, say, number } = useSpeech();
  const lines: { key: string; text: ReactNode; to: string; action: string; remedy?: string }[] = [];
  const line = (key: string, count: number, text: 'overview.silent' | 'overview.notScanned' | 'overview.failed' | 'overview.withoutFeed', to: string, action: string): void => {
    if (count > 0) lines.push({ key, text: t(text, { count: number(count) }), to, action });
  };
  line('silent', blind.silentNodes, 'overview.silent', '/workloads/nodes?contact=silent', t('overview.see'));
  line('withoutFeed', blind.withoutFeed, 'overview.withoutFeed', '/feeds', t('overview.getFeed'));
  line('failed', blind.failed, 'overview.failed', '/images?status=failed', t('overview.see'));
  line('notScanned', blind.notScanned, 'overview.notScanned', '/images?status=not-scanned', t('overview.see'));
  for (const group of blind.groups) {
    lines.push({ key: group.kind, text: <><GapKind kind={group.kind} />{t('overview.gap', { count: number(group.gaps) })}</>, to: `/coverage?kind=${encodeURIComponent(group.kind)}`, action: t('overview.see'), ...(group.remedy === null ? {} : { remedy: say(group.remedy) }) });
  }
  return (
    <section className="question" aria-label={t('overview.blind')}>
      <h2>{t('overview.blind')}</h2>
      <p className="answer">
        {proof.nodes === 0 ? t('overview.blindNobody') : blind.groups.length === 0 ? t('overview.blindNothing') : <Link to="/coverage">{t('overview.blindSome', { count: number(blind.groups.length) })}</Link>}
      </p>
      <ul>
        {lines.slice(0, 7).map(({ key, text, to, action, remedy }) => (
          <li key={key}>
            <div className="row">
              <span>{text}</span>
              <Link to={to}>{action}</Link>
            </div>
            {remedy === undefined ? null : <div className="next quiet">{remedy}</div>}
          </li>
        ))}
      </ul>
      {proof.nodes === 0 ? null : <div className="proof">{t('overview.blindProof', { online: number(proof.online), nodes: number(proof.nodes), running: number(proof.running), containers: number(proof.containers) })}</div>}
    </section>
  );
}

import type { WafEventRow } from '@palisade/app-console/routes/waf';
import type { WafEvent } from '@palisade/model/waf-event';
import { Table, Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import type { z } from 'zod';
import { Exclude } from '../parts/exclude.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Facts, Mono, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { WafAction } from '../parts/waf-action.tsx';
import { Wide } from '../parts/wide.tsx';

type Row = z.infer<typeof WafEventRow>;
type Match = WafEvent['matches'][number];

/** One request: what came, what became of it, and which rules found which bytes where. */
export function WebEventPage(): ReactNode {
  const { id = '' } = useParams();
  const { t, number } = useSpeech();
  return (
    <Loaded<Row> path={`/waf/events/${encodeURIComponent(id)}`}>
      {({ at, node, event }) => (
        <>
          <PageTitle aside={<WafAction action={event.action} />}>{`${event.method} ${event.path}`.trim() || event.id}</PageTitle>
          <Facts
            items={[
              { label: t('waf.when'), value: <When at={at} /> },
              { label: t('waf.site'), value: <Link to={`/web-protection?site=${encodeURIComponent(event.site)}`}>{event.site}</Link> },
              { label: t('waf.client'), value: <Link to={`/web-protection?client=${encodeURIComponent(event.client)}`}>{event.client}</Link> },
              { label: t('waf.host'), value: event.host === '' ? '–' : event.host },
              { label: t('waf.mode'), value: t(`waf.mode.${event.mode}`) },
              { label: t('waf.status'), value: event.status },
              { label: t('waf.bySeverity'), value: `${number(event.scores.total)} ${Object.entries(event.scores.bySeverity).map(([severity, points]) => `${severity} ${points}`).join(' · ')}` },
              { label: t('waf.added'), value: `${number(event.took_us)} µs` },
              { label: t('waf.node'), value: node === null ? '–' : <Link to={`/workloads/nodes/${encodeURIComponent(node.id)}`}>{node.name}</Link> },
              { label: t('waf.reference'), value: <Mono text={event.id} /> },
            ]}
          />
          <Part title={t('waf.matches')}>
            <Wide label={t('waf.matches')}>
              <Table<Match> size="small" rowKey={(match) => `${match.rule} ${match.variable} ${match.offset} ${match.bytes}`} pagination={false} dataSource={event.matches} locale={{ emptyText: t('waf.noMatches') }} columns={columns(t)} />
            </Wide>
          </Part>
          <Exclude id={id} matches={event.matches} />
          {event.gaps.length === 0 ? null : (
            <Part title={t('waf.gaps')}>
              <ul>
                {event.gaps.map((gap) => (
                  <li key={`${gap.kind} ${gap.subject}`}>
                    <span className="mono">{gap.kind}</span>: {gap.reason}
                  </li>
                ))}
              </ul>
            </Part>
          )}
        </>
      )}
    </Loaded>
  );
}

function columns(t: ReturnType<typeof useSpeech>['t']): NonNullable<Parameters<typeof Table<Match>>[0]['columns']> {
  return [
    { title: t('waf.rule'), key: 'rule', render: (_, match) => <Link className="mono" to={`/web-protection?rule=${match.rule}`}>{match.rule}</Link> },
    { title: t('finding.title'), key: 'msg', render: (_, match) => match.msg },
    { title: t('waf.severity'), key: 'severity', render: (_, match) => (match.severity === '' ? '–' : <Tag>{match.severity}</Tag>) },
    { title: t('waf.variable'), key: 'variable', render: (_, match) => <span className="mono">{match.variable}</span> },
    { title: t('waf.bytes'), key: 'bytes', render: (_, match) => <mark className="mono" title={t('waf.offset', { offset: match.offset })}>{match.bytes.slice(0, 200)}</mark> },
  ];
}

import type { WafEventRow, WafSiteRow } from '@palisade/app-console/routes/waf';
import { wafActions } from '@palisade/model/waf-event';
import { Table } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { Loaded } from '../parts/loaded.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Command, PageTitle, Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { WafAction } from '../parts/waf-action.tsx';
import { WafTabs } from '../parts/waf-tabs.tsx';
import { Wide } from '../parts/wide.tsx';

type Site = z.infer<typeof WafSiteRow>;
type Row = z.infer<typeof WafEventRow>;
const names = ['q', 'site', 'action', 'rule', 'client', 'hours'] as const;

/** Applications behind the firewall, and the requests it had something to say about. */
export function WebProtection(): ReactNode {
  const { t, number } = useSpeech();
  const { get } = useFilters();
  return (
    <>
      <PageTitle>{t('nav.waf')}</PageTitle>
      <WafTabs here="/web-protection" />
      <Loaded<{ items: Site[] }> path="/waf/sites">
        {({ items }) => (
          <>
            <Part title={t('waf.sites')}>
              <Wide label={t('waf.sites')}>
                <Table<Site>
                  size="small" rowKey="site" pagination={false} dataSource={items} locale={{ emptyText: <Empty /> }}
                  columns={[
                    { title: t('waf.site'), key: 'site', render: (_, row) => <Link to={`/web-protection?site=${encodeURIComponent(row.site)}`}>{row.site}</Link> },
                    { title: t('waf.count'), key: 'events', className: 'number', render: (_, row) => <Link to={`/web-protection?site=${encodeURIComponent(row.site)}`}>{number(row.events)}</Link> },
                    { title: t('waf.blocked'), key: 'blocked', className: 'number', render: (_, row) => <Link to={`/web-protection?site=${encodeURIComponent(row.site)}&action=blocked`}>{number(row.blocked)}</Link> },
                    { title: t('waf.clients'), key: 'clients', className: 'number', render: (_, row) => number(row.clients) },
                    { title: t('waf.added'), key: 'added', className: 'number', render: (_, row) => `${number(Math.round(row.addedMicroseconds))} µs` },
                    { title: t('waf.last'), key: 'last', render: (_, row) => <When at={row.lastAt} /> },
                  ]}
                />
              </Wide>
            </Part>
            <Part title={t('waf.events')}>
              <div className="filters" role="search">
                <Search label={t('waf.search')} />
                <Choice name="site" label={t('waf.anySite')} options={items.map(({ site }) => ({ value: site, label: site }))} width={220} />
                <Choice name="action" label={t('waf.anyAction')} options={wafActions.map((action) => ({ value: action, label: t(`waf.action.${action}`) }))} />
                <Choice name="hours" label={t('waf.day')} options={[{ value: '168', label: t('waf.week') }]} />
              </div>
              <Events query={chosen(get, names)} />
            </Part>
          </>
        )}
      </Loaded>
    </>
  );
}

function Empty(): ReactNode {
  const { t } = useSpeech();
  return (
    <>
      <p>{t('waf.empty')}</p>
      <Command text="./palisade waf serve --listen :8080 --upstream http://127.0.0.1:3000 --rules 'crs/*.conf' --rules 'crs/rules/*.conf' --mode detect" />
    </>
  );
}

function Events({ query }: { query: Record<string, string> }): ReactNode {
  const { t, number } = useSpeech();
  return (
    <PagedTable<Row>
      path="/waf/events" query={query} label={t('waf.events')} empty={<Empty />}
      columns={[
        { title: t('waf.when'), key: 'at', render: (_, row) => <When at={row.at} /> },
        { title: t('waf.action'), key: 'action', render: (_, row) => <WafAction action={row.event.action} /> },
        { title: t('waf.request'), key: 'request', render: (_, row) => <Link className="mono" to={`/web-protection/events/${encodeURIComponent(row.id)}`}>{`${row.event.method} ${shortened(row.event.path)}`.trim() || row.event.id}</Link> },
        { title: t('waf.site'), key: 'site', render: (_, row) => row.event.site },
        { title: t('waf.client'), key: 'client', render: (_, row) => <span className="mono">{row.event.client}</span> },
        { title: t('waf.rules'), key: 'rules', render: (_, row) => <span className="mono">{[...new Set(row.event.matches.map(({ rule }) => rule))].slice(0, 4).join(' ')}</span> },
        { title: t('waf.score'), key: 'score', className: 'number', render: (_, row) => number(row.event.scores.total) },
        { title: t('waf.status'), key: 'status', className: 'number', render: (_, row) => row.event.status },
      ]}
    />
  );
}

const shortened = (path: string): string => (path.length > 60 ? `${path.slice(0, 59)}…` : path);

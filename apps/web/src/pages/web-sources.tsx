import type { WafSourceRow } from '@palisade/app-console/routes/waf';
import { Table } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { Choice } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { Loaded } from '../parts/loaded.tsx';
import { PageTitle, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { WafTabs } from '../parts/waf-tabs.tsx';
import { Wide } from '../parts/wide.tsx';

type Row = z.infer<typeof WafSourceRow>;

/** Clients whose requests the firewall had something to say about. */
export function WebSources(): ReactNode {
  const { t, number } = useSpeech();
  const { get } = useFilters();
  const hours = get('hours') || '24';
  return (
    <>
      <PageTitle>{t('waf.sources')}</PageTitle>
      <WafTabs here="/web-protection/sources" />
      <div className="filters" role="search">
        <Choice name="hours" label={t('waf.day')} options={[{ value: '168', label: t('waf.week') }]} />
      </div>
      <Loaded<{ items: Row[] }> path={`/waf/sources?hours=${encodeURIComponent(hours)}`}>
        {({ items }) => (
          <Wide label={t('waf.sources')}>
            <Table<Row>
              size="small" rowKey="client" pagination={false} dataSource={items} locale={{ emptyText: t('waf.noSources') }}
              columns={[
                { title: t('waf.client'), key: 'client', render: (_, row) => <Link className="mono" to={`/web-protection?client=${encodeURIComponent(row.client)}&hours=${encodeURIComponent(hours)}`}>{row.client}</Link> },
                { title: t('waf.count'), key: 'events', className: 'number', render: (_, row) => number(row.events) },
                { title: t('waf.blocked'), key: 'blocked', className: 'number', render: (_, row) => number(row.blocked) },
                { title: t('waf.siteCount'), key: 'sites', className: 'number', render: (_, row) => number(row.sites) },
                { title: t('waf.pathCount'), key: 'paths', className: 'number', render: (_, row) => number(row.paths) },
                { title: t('waf.first'), key: 'first', render: (_, row) => <When at={row.firstAt} /> },
                { title: t('waf.last'), key: 'last', render: (_, row) => <When at={row.lastAt} /> },
              ]}
            />
          </Wide>
        )}
      </Loaded>
    </>
  );
}

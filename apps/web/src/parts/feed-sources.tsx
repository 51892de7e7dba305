import type { FeedRow } from '@palisade/app-console/routes/feeds';
import { Table } from 'antd';
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { useSpeech } from './text.ts';
import { Wide } from './wide.tsx';

type Feed = z.infer<typeof FeedRow>;
type Source = Feed['sources'][number];

/** Where a bundle's knowledge comes from, and for which ecosystems it tells everything. */
export function FeedSources({ feed }: { feed: Feed }): ReactNode {
  const { t, number } = useSpeech();
  return (
    <Wide label={t('feeds.sources')}>
      <Table<Source>
        size="small"
        rowKey={(source) => `${source.name} ${source.sha256}`}
        pagination={false}
        dataSource={feed.sources}
        columns={[
          { title: t('feeds.source'), key: 'name', render: (_, source) => <span className="mono">{source.name}</span> },
          { title: t('feeds.kind'), key: 'kind', render: (_, source) => <span className="mono">{source.kind}</span> },
          { title: t('feeds.date'), key: 'date', render: (_, source) => source.date.slice(0, 10) },
          { title: t('feeds.records'), key: 'records', className: 'number', render: (_, source) => number(source.records) },
          { title: t('feeds.coverage'), key: 'coverage', render: (_, source) => <Covers source={source} /> },
          { title: t('feeds.skipped'), key: 'skips', render: (_, source) => [...source.skips.map((skip) => `${number(skip.count)}: ${skip.reason}`), ...(source.broken === 0 ? [] : [t('feeds.broken', { count: number(source.broken) })])].join('; ') || '–' },
        ]}
      />
    </Wide>
  );
}

function Covers({ source }: { source: Source }): ReactNode {
  const { t, number } = useSpeech();
  const groups = new Map<string, string[]>();
  for (const [ecosystem, coverage] of Object.entries(source.coverage)) {
    const reason = coverage === 'complete' ? '' : coverage.partial;
    groups.set(reason, [...(groups.get(reason) ?? []), ecosystem]);
  }
  if (groups.size === 0) return t('feeds.noCoverage');
  return [...groups].map(([reason, names]) => {
    const shown = `${names.slice(0, 8).join(', ')}${names.length > 8 ? ` ${t('feeds.more', { count: number(names.length - 8) })}` : ''}`;
    return (
      <div key={reason} title={names.join(', ')}>
        {reason === '' ? t('feeds.complete', { names: shown }) : t('feeds.partial', { reason, names: shown })}
      </div>
    );
  });
}

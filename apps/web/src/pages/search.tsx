import { useQuery } from '@tanstack/react-query';
import { Spin } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Text } from '@palisade/model/text';
import { get } from '../api.ts';
import { useFilters } from '../parts/filters.ts';
import { Problem } from '../parts/problem.tsx';
import { PageTitle, Part } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';

type Row = { id: string; name?: string; rule?: string; kind?: string; title?: Text };

const places = [
  { list: '/images', text: 'nav.images', all: '/images', to: (row: Row) => `/images/${encodeURIComponent(row.id)}` },
  { list: '/vulnerabilities', text: 'nav.vulnerabilities', all: '/vulnerabilities', to: (row: Row) => `/vulnerabilities/${row.kind ?? ''}/${encodeURIComponent(row.rule ?? '')}` },
  { list: '/containers', text: 'workloads.containers', all: '/workloads', to: (row: Row) => `/workloads/containers/${encodeURIComponent(row.id)}` },
  { list: '/nodes', text: 'workloads.nodes', all: '/workloads/nodes', to: (row: Row) => `/workloads/nodes/${encodeURIComponent(row.id)}` },
] as const;

/** What matches, in every list at once; a few of each with the way to all of them. */
export function SearchPage(): ReactNode {
  const { t } = useSpeech();
  const { get: filter } = useFilters();
  const q = filter('q');
  return (
    <>
      <PageTitle>{t('search.title', { q })}</PageTitle>
      {q === '' ? <p>{t('search.hint')}</p> : places.map((place) => <Matches key={place.list} place={place} q={q} />)}
    </>
  );
}

function Matches({ place, q }: { place: (typeof places)[number]; q: string }): ReactNode {
  const { t, say, number } = useSpeech();
  const found = useQuery({ queryKey: [place.list, 'search', q], queryFn: ({ signal }) => get<{ items: Row[]; total: { count: number; exact: boolean } }>(place.list, { q, limit: 5 }, signal) });
  if (found.isPending) return <Spin />;
  if (found.data === undefined) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  const { items, total } = found.data;
  return (
    <Part title={t(place.text)} aside={items.length === 0 ? null : <Link to={`${place.all}?q=${encodeURIComponent(q)}`}>{`${t('search.more')} (${total.exact ? '' : '≥ '}${number(total.count)})`}</Link>}>
      {items.length === 0 ? <p className="quiet">{t('search.nothing')}</p> : null}
      <ul className="plain">
        {items.map((row) => (
          <li key={row.id}>
            <Link to={place.to(row)}>{row.name ?? row.rule ?? row.id}</Link> {row.title === undefined ? '' : say(row.title)}
          </li>
        ))}
      </ul>
    </Part>
  );
}

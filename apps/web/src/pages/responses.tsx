import { doneActions, responseResults } from '@palisade/model/response';
import { useQuery } from '@tanstack/react-query';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { get } from '../api.ts';
import { Choice, Search, chosen } from '../parts/choices.tsx';
import { useFilters } from '../parts/filters.ts';
import { IncidentTabs } from '../parts/incident-tabs.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Response } from '../parts/response-columns.tsx';
import { responseColumns } from '../parts/response-columns.tsx';
import { PageTitle } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';

const names = ['q', 'action', 'result', 'by', 'open', 'container', 'node', 'policy'] as const;

/** What was done about detections, newest first. */
export function Responses(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get: filter, set } = useFilters();
  return (
    <>
      <PageTitle>{t('responses.title')}</PageTitle>
      <IncidentTabs here="/responses" />
      <p className="intro">{t('responses.intro')}</p>
      <InForce />
      <div className="filters" role="search">
        <Search label={t('responses.search')} />
        <Choice name="action" label={t('responses.anyAction')} options={doneActions.map((value) => ({ value, label: t(`response.${value}`) }))} width={230} />
        <Choice name="result" label={t('responses.anyResult')} options={responseResults.map((value) => ({ value, label: t(`responseResult.${value}`) }))} width={230} />
        <Choice name="by" label={t('responses.anyAsker')} options={[{ value: 'policy', label: t('responses.byPolicy') }, { value: 'person', label: t('responses.byPerson') }]} />
        <Choice name="open" label={t('responses.all')} options={[{ value: 'true', label: t('responses.openOnly') }]} />
        {(['container', 'node', 'policy'] as const).map((name) =>
          filter(name) === '' ? null : (
            <Tag key={name} closable={{ 'aria-label': t('filter.clear') }} onClose={() => set(name, '')}>
              {t('filter.only', { what: filter(name) })}
            </Tag>
          ),
        )}
      </div>
      <PagedTable<Response> path="/responses" memory="responses" query={chosen(filter, names)} columns={responseColumns(speech)} label={t('responses.title')} empty={<span>{t('responses.empty')} <Link to="/response-policies/new">{t('responsePolicy.new')}</Link></span>} />
    </>
  );
}

type AgentPolicy = { id: string; name: string; current: boolean };

/** How many nodes act by what is declared now, and which do not. */
export function InForce(): ReactNode {
  const { t, number } = useSpeech();
  const answer = useQuery({ queryKey: ['/agent-policies'], queryFn: ({ signal }) => get<{ items: AgentPolicy[] }>('/agent-policies', {}, signal), refetchInterval: 10_000 });
  const items = answer.data?.items;
  if (items === undefined || items.length === 0) return null;
  const late = items.filter((one) => !one.current);
  return (
    <p role="status">
      {t('responses.agents', { current: number(items.length - late.length), all: number(items.length) })}
      {late.length === 0 ? null : ` · ${t('responses.lagging', { names: late.slice(0, 10).map((one) => one.name).join(', ') })}`}
    </p>
  );
}

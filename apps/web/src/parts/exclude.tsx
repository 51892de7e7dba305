import type { ExclusionEffect } from '@palisade/app-console/routes/waf-exclusions';
import type { WafEvent } from '@palisade/model/waf-event';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Input, Select } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { call, get } from '../api.ts';
import type { StoredDocument } from './documents.tsx';
import { Part } from './story.tsx';
import { useSpeech } from './text.ts';
import { useMay } from '../session.tsx';
import { useWhy } from './why.ts';

type Effect = z.infer<typeof ExclusionEffect>;

const keyOf = ({ rule, variable }: WafEvent['matches'][number]): string => `${rule} ${variable}`;

/** Takes one parameter of this route away from one rule, in the document of a site, after it was said what that changes. */
export function Exclude({ id, matches }: { id: string; matches: WafEvent['matches'] }): ReactNode {
  const { t, number } = useSpeech();
  const may = useMay();
  const why = useWhy();
  const client = useQueryClient();
  const choices = [...new Map(matches.filter(({ variable }) => variable !== '' && !variable.startsWith('TX:')).map((match) => [keyOf(match), match])).values()];
  const [chosen, setChosen] = useState<string>();
  const [site, setSite] = useState<string>();
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const [saved, setSaved] = useState<StoredDocument>();
  const match = choices.find((one) => keyOf(one) === chosen);
  const place = `/waf/events/${encodeURIComponent(id)}/exclusion`;
  const effect = useQuery({ queryKey: [place, chosen], enabled: match !== undefined, queryFn: ({ signal }) => get<Effect>(place, { rule: String(match?.rule ?? 0), variable: match?.variable ?? '' }, signal) });
  const sites = useQuery({ queryKey: ['/documents', 'WafSite'], queryFn: ({ signal }) => get<{ items: StoredDocument[] }>('/documents', { kind: 'WafSite', limit: '200' }, signal) });
  const open = (sites.data?.items ?? []).filter(({ owner }) => owner === 'console');
  if (choices.length === 0 || !may('edit-policy')) return null;
  const add = async (): Promise<void> => {
    const document = open.find((one) => one.id === site);
    if (match === undefined || document === undefined) return;
    setBusy(true);
    setProblem(undefined);
    try {
      setSaved(await call<StoredDocument>('POST', place, { rule: match.rule, variable: match.variable, document: document.id, version: document.version, reason, until }));
      await client.invalidateQueries({ queryKey: ['/documents'] });
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Part title={t('waf.exclude')}>
      <p>{t('waf.excludeIntro')}</p>
      {sites.data !== undefined && open.length === 0 ? (
        <p>
          {t('waf.excludeNoSite')} <Link to="/web-protection/sites/new">{t('wafSite.new')}</Link>
        </p>
      ) : (
        <div className="filters">
          <Select aria-label={t('waf.excludeWhat')} placeholder={t('waf.excludeWhat')} style={{ minWidth: 260 }} value={chosen ?? null} onChange={(value: string) => setChosen(value)} options={choices.map((one) => ({ value: keyOf(one), label: keyOf(one) }))} />
          <Select aria-label={t('waf.excludeWhere')} placeholder={t('waf.excludeWhere')} style={{ minWidth: 200 }} value={site ?? null} onChange={(value: string) => setSite(value)} options={open.map((one) => ({ value: one.id, label: one.name }))} />
          <Input aria-label={t('waf.excludeReason')} placeholder={t('waf.excludeReason')} style={{ width: 260 }} maxLength={300} value={reason} onChange={(event) => setReason(event.target.value)} />
          <Input aria-label={t('waf.excludeUntil')} type="date" style={{ width: 160 }} value={until} onChange={(event) => setUntil(event.target.value)} />
          <Button disabled={match === undefined || site === undefined || reason === '' || until === '' || effect.data?.exclusion == null} loading={busy} onClick={() => void add()}>
            {t('waf.excludeAdd')}
          </Button>
        </div>
      )}
      {effect.data === undefined ? null : effect.data.exclusion === null ? (
        <Alert type="warning" showIcon title={t('waf.excludeNot', { why: effect.data.why ?? '' })} />
      ) : (
        <p role="status">{t('waf.excludeEffect', { events: number(effect.data.events), blocked: number(effect.data.blocked), clients: number(effect.data.clients), only: number(effect.data.onlyThis) })}</p>
      )}
      {problem === undefined && !effect.isError ? null : <Alert type="error" showIcon role="alert" title={why(problem ?? effect.error)} />}
      {saved === undefined ? null : (
        <Alert type="success" showIcon role="status" title={<>{t('waf.excludeAdded', { version: saved.version })} <Link to={`/web-protection/sites/${saved.id}`}>{saved.name}</Link></>} />
      )}
    </Part>
  );
}

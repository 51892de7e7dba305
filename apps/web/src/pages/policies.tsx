import { Typography } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { TextKey } from '../i18n/en.ts';
import type { StoredDocument } from '../parts/documents.tsx';
import { Place, StateTag } from '../parts/documents.tsx';
import { useFilters } from '../parts/filters.ts';
import { IncidentTabs } from '../parts/incident-tabs.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';
import { WafTabs } from '../parts/waf-tabs.tsx';
import { InForce } from './responses.tsx';

/** Every gate policy that concerns the reader. */
export function Policies(): ReactNode {
  return <List kind="GatePolicy" />;
}

/** Every response policy that concerns the reader. */
export function ResponsePolicies(): ReactNode {
  return <List kind="ResponsePolicy" />;
}

/** Every document that says which containers' ports are protected. */
export function WafSites(): ReactNode {
  return <List kind="WafSite" />;
}

/** What differs between the lists. */
const lists = {
  GatePolicy: { title: 'nav.policies', intro: 'policies.intro', add: 'policies.new', to: '/policies', mode: 'policies.mode.', parts: 'policies.rules' },
  ResponsePolicy: { title: 'responsePolicies.title', intro: 'responsePolicies.intro', add: 'responsePolicy.new', to: '/response-policies', mode: 'responsePolicies.', parts: 'responsePolicies.parts' },
  WafSite: { title: 'waf.protected', intro: 'wafSites.intro', add: 'wafSite.new', to: '/web-protection/sites', mode: 'waf.mode.', parts: 'wafSites.parts' },
} as const satisfies Record<string, { title: TextKey; intro: TextKey; add: TextKey; to: string; mode: string; parts: TextKey }>;
type Kind = keyof typeof lists;

function List({ kind }: { kind: Kind }): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get } = useFilters();
  const words = lists[kind];
  const tabs = kind === 'ResponsePolicy' ? { tabs: <><IncidentTabs here="/response-policies" /><InForce /></> } : kind === 'WafSite' ? { tabs: <WafTabs here="/web-protection/sites" /> } : {};
  const empty = kind === 'GatePolicy' ? <EmptyPolicies /> : t(kind === 'WafSite' ? 'wafSites.empty' : 'responsePolicies.empty');
  return (
    <ListPage title={t(words.title)} intro={t(words.intro)} search={t('policies.search')} add={{ permission: 'edit-policy', label: t(words.add), to: `${words.to}/new` }} {...tabs}>
      <PagedTable<StoredDocument> path="/documents" query={{ kind, q: get('q') }} columns={columns(speech, kind)} label={t(words.title)} empty={empty} />
    </ListPage>
  );
}

function EmptyPolicies(): ReactNode {
  const { t } = useSpeech();
  return (
    <div>
      <p>{t('policies.empty')}</p>
      <Typography.Text code copyable>
        ./palisade apply content/gate/balanced.yaml
      </Typography.Text>
    </div>
  );
}

function columns({ t, number, ago, exact }: Speech, kind: Kind): Column<StoredDocument>[] {
  const words = lists[kind];
  const parts: Record<Kind, readonly string[]> = { GatePolicy: ['rules'], ResponsePolicy: ['rules', 'deny', 'hold'], WafSite: ['ports', 'routes', 'exclusions'] };
  const count = (row: StoredDocument, part: string): string => number((row.document.spec[part] as unknown[] | undefined)?.length ?? 0);
  return [
    { title: t(kind === 'WafSite' ? 'waf.siteName' : 'policies.name'), key: 'name', render: (_, row) => <Link to={`${words.to}/${row.id}`}>{row.name}</Link> },
    { title: t('policies.state'), key: 'state', render: (_, row) => <StateTag state={row.state} /> },
    { title: t('policies.mode'), key: 'mode', render: (_, row) => t(`${words.mode}${String(row.document.spec['mode'])}` as TextKey) },
    { title: t(words.parts), key: 'rules', className: 'number', render: (_, row) => parts[kind].map((part) => count(row, part)).join(' / ') },
    { title: t('policies.scope'), key: 'scope', render: (_, row) => <Place at={row} /> },
    { title: t('policies.owner'), key: 'owner', render: (_, row) => t(`owner.${row.owner}`) },
    { title: t('policies.changed'), key: 'changed', render: (_, row) => <span title={exact(row.updatedAt)}>{t('policies.changedWhen', { when: ago(row.updatedAt), name: row.updatedBy })}</span> },
  ];
}

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
import { InForce } from './responses.tsx';

/** Every gate policy that concerns the reader. */
export function Policies(): ReactNode {
  return <List kind="GatePolicy" />;
}

/** Every response policy that concerns the reader. */
export function ResponsePolicies(): ReactNode {
  return <List kind="ResponsePolicy" />;
}

function List({ kind }: { kind: 'GatePolicy' | 'ResponsePolicy' }): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get } = useFilters();
  const responds = kind === 'ResponsePolicy';
  const title = t(responds ? 'responsePolicies.title' : 'nav.policies');
  return (
    <ListPage
      title={title} intro={t(responds ? 'responsePolicies.intro' : 'policies.intro')} search={t('policies.search')} add={{ permission: 'edit-policy', label: t(responds ? 'responsePolicy.new' : 'policies.new'), to: responds ? '/response-policies/new' : '/policies/new' }}
      {...(responds ? { tabs: <><IncidentTabs here="/response-policies" /><InForce /></> } : {})}
    >
      <PagedTable<StoredDocument> path="/documents" query={{ kind, q: get('q') }} columns={columns(speech, kind)} label={title} empty={responds ? t('responsePolicies.empty') : <EmptyPolicies />} />
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

function columns({ t, number, ago, exact }: Speech, kind: 'GatePolicy' | 'ResponsePolicy'): Column<StoredDocument>[] {
  const responds = kind === 'ResponsePolicy';
  const count = (row: StoredDocument, part: string): string => number((row.document.spec[part] as unknown[] | undefined)?.length ?? 0);
  return [
    { title: t('policies.name'), key: 'name', render: (_, row) => <Link to={`${responds ? '/response-policies' : '/policies'}/${row.id}`}>{row.name}</Link> },
    { title: t('policies.state'), key: 'state', render: (_, row) => <StateTag state={row.state} /> },
    { title: t('policies.mode'), key: 'mode', render: (_, row) => t(`${responds ? 'responsePolicies.' : 'policies.mode.'}${String(row.document.spec['mode'])}` as TextKey) },
    { title: t(responds ? 'responsePolicies.parts' : 'policies.rules'), key: 'rules', className: 'number', render: (_, row) => (responds ? `${count(row, 'rules')} / ${count(row, 'deny')} / ${count(row, 'hold')}` : count(row, 'rules')) },
    { title: t('policies.scope'), key: 'scope', render: (_, row) => <Place at={row} /> },
    { title: t('policies.owner'), key: 'owner', render: (_, row) => t(`owner.${row.owner}`) },
    { title: t('policies.changed'), key: 'changed', render: (_, row) => <span title={exact(row.updatedAt)}>{t('policies.changedWhen', { when: ago(row.updatedAt), name: row.updatedBy })}</span> },
  ];
}

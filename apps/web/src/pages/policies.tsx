import { Typography } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { TextKey } from '../i18n/en.ts';
import type { StoredDocument } from '../parts/documents.tsx';
import { Place, StateTag } from '../parts/documents.tsx';
import { useFilters } from '../parts/filters.ts';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';

/** Every gate policy that concerns the reader. */
export function Policies(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get } = useFilters();
  return (
    <ListPage title={t('nav.policies')} intro={t('policies.intro')} search={t('policies.search')} add={{ permission: 'edit-policy', label: t('policies.new'), to: '/policies/new' }}>
      <PagedTable<StoredDocument> path="/documents" query={{ kind: 'GatePolicy', q: get('q') }} columns={columns(speech)} label={t('nav.policies')} empty={<EmptyPolicies />} />
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

function columns({ t, number, ago, exact }: Speech): Column<StoredDocument>[] {
  return [
    { title: t('policies.name'), key: 'name', render: (_, row) => <Link to={`/policies/${row.id}`}>{row.name}</Link> },
    { title: t('policies.state'), key: 'state', render: (_, row) => <StateTag state={row.state} /> },
    { title: t('policies.mode'), key: 'mode', render: (_, row) => t(`policies.mode.${String(row.document.spec['mode'])}` as TextKey) },
    { title: t('policies.rules'), key: 'rules', className: 'number', render: (_, row) => number((row.document.spec['rules'] as unknown[] | undefined)?.length ?? 0) },
    { title: t('policies.scope'), key: 'scope', render: (_, row) => <Place at={row} /> },
    { title: t('policies.owner'), key: 'owner', render: (_, row) => t(`owner.${row.owner}`) },
    { title: t('policies.changed'), key: 'changed', render: (_, row) => <span title={exact(row.updatedAt)}>{t('policies.changedWhen', { when: ago(row.updatedAt), name: row.updatedBy })}</span> },
  ];
}

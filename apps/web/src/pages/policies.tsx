import { Button, Input, Typography } from 'antd';
import type { ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import type { TextKey } from '../i18n/en.ts';
import type { StoredDocument } from '../parts/documents.tsx';
import { Place, StateTag } from '../parts/documents.tsx';
import { useFilters } from '../parts/filters.ts';
import type { Column } from '../parts/paged-table.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Speech } from '../parts/text.ts';
import { useSpeech } from '../parts/text.ts';
import { useMay } from '../session.tsx';

/** Every gate policy that concerns the reader. */
export function Policies(): ReactNode {
  const speech = useSpeech();
  const { t } = speech;
  const { get, set } = useFilters();
  const may = useMay();
  const navigate = useNavigate();
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {t('nav.policies')}
      </Typography.Title>
      <p className="intro">{t('policies.intro')}</p>
      <div className="filters" role="search">
        <Input type="search" allowClear style={{ width: 260 }} placeholder={t('policies.search')} aria-label={t('policies.search')} defaultValue={get('q')} onChange={(event) => set('q', event.target.value)} />
        {may('edit-policy') ? (
          <Button type="primary" onClick={() => void navigate('/policies/new')}>
            {t('policies.new')}
          </Button>
        ) : null}
      </div>
      <PagedTable<StoredDocument> path="/documents" query={{ kind: 'GatePolicy', q: get('q') }} columns={columns(speech)} label={t('nav.policies')} empty={<EmptyPolicies />} />
    </>
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
    { title: t('policies.changed'), key: 'changed', render: (_, row) => <span title={exact(row.updatedAt)}>{`${ago(row.updatedAt)}, ${t('policies.by', { name: row.updatedBy })}`}</span> },
  ];
}

import type { AuditRow } from '@palisade/app-console/routes/audit';
import { Input } from 'antd';
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { useFilters } from '../../parts/filters.ts';
import { PagedTable } from '../../parts/paged-table.tsx';
import { useSpeech } from '../../parts/text.ts';

type Row = z.infer<typeof AuditRow>;

/** Who did what. */
export function Audit(): ReactNode {
  const { t, ago, exact } = useSpeech();
  const { get, set } = useFilters();
  const field = (name: 'actor' | 'action' | 'subject'): ReactNode => (
    <Input type="search" allowClear style={{ width: 200 }} placeholder={t(`audit.${name}`)} aria-label={t(`audit.${name}`)} defaultValue={get(name)} onChange={(event) => set(name, event.target.value)} />
  );
  return (
    <>
      <p className="intro">{t('audit.intro')}</p>
      <div className="filters" role="search">
        {field('actor')}
        {field('action')}
        {field('subject')}
      </div>
      <PagedTable<Row>
        path="/audit"
        query={{ actor: get('actor'), action: get('action'), subject: get('subject') }}
        label={t('settings.audit')}
        empty={t('audit.empty')}
        columns={[
          { title: t('audit.when'), key: 'at', render: (_, row) => <span title={exact(row.at)}>{ago(row.at)}</span> },
          { title: t('audit.actor'), key: 'actor', dataIndex: 'actor' },
          { title: t('audit.action'), key: 'action', render: (_, row) => <span className="mono">{row.action}</span> },
          { title: t('audit.subject'), key: 'subject', render: (_, row) => <span className="mono">{row.subject}</span> },
          { title: t('audit.detail'), key: 'detail', render: (_, row) => (Object.keys(row.detail).length === 0 ? '' : <span className="mono">{JSON.stringify(row.detail)}</span>) },
          { title: t('audit.from'), key: 'address', render: (_, row) => <span className="mono">{row.address ?? ''}</span> },
        ]}
      />
    </>
  );
}

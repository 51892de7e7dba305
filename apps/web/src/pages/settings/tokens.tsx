import type { TokenRow } from '@palisade/app-console/routes/tokens';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, InputNumber, Modal, Popconfirm, Space, Table, Tag } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import type { z } from 'zod';
import { call, get } from '../../api.ts';
import { useAct } from '../../parts/act.ts';
import type { Grant } from '../../parts/grants.tsx';
import { GrantField, GrantList } from '../../parts/grants.tsx';
import { Once } from '../../parts/once.tsx';
import { Problem } from '../../parts/problem.tsx';
import { useSpeech } from '../../parts/text.ts';
import { Wide } from '../../parts/wide.tsx';

type Token = z.infer<typeof TokenRow>;

/** How programs sign in. */
export function Tokens(): ReactNode {
  const { t, ago, exact } = useSpeech();
  const act = useAct('/tokens');
  const tokens = useQuery({ queryKey: ['/tokens'], queryFn: ({ signal }) => get<{ items: Token[] }>('/tokens', {}, signal) });
  const [making, setMaking] = useState<{ name: string; days: number; grant: Grant }>();
  const [made, setMade] = useState<{ name: string; token: string }>();
  if (tokens.isError && tokens.data === undefined) return <Problem error={tokens.error} onRetry={() => void tokens.refetch()} />;
  const save = async (): Promise<void> => {
    if (making === undefined) return;
    const { name, days, grant } = making;
    if (await act(() => call<{ token: string }>('POST', '/tokens', { name, days, ...grant }), ({ token }) => setMade({ name, token }))) setMaking(undefined);
  };
  const standing = (token: Token): string => t(token.revokedAt !== null ? 'tokens.revoked' : Date.parse(token.expiresAt) < Date.now() ? 'tokens.expired' : 'tokens.valid');
  return (
    <>
      <p className="intro">{t('tokens.intro')}</p>
      <div className="actions">
        <Button type="primary" onClick={() => setMaking({ name: '', days: 90, grant: { role: 'analyst', scope: {} } })}>
          {t('tokens.add')}
        </Button>
      </div>
      <Wide label={t('settings.tokens')}>
        <Table<Token>
          size="small"
          rowKey="id"
          loading={tokens.isPending}
          pagination={false}
          locale={{ emptyText: t('tokens.empty') }}
          dataSource={tokens.data?.items ?? []}
          columns={[
            { title: t('tokens.name'), dataIndex: 'name' },
            { title: t('users.grants'), key: 'role', render: (_, token) => <GrantList grants={[{ role: token.role, scope: token.scope }]} /> },
            { title: t('users.state'), key: 'state', render: (_, token) => <Tag>{standing(token)}</Tag> },
            { title: t('tokens.expires'), key: 'expires', render: (_, token) => <span title={exact(token.expiresAt)}>{ago(token.expiresAt)}</span> },
            { title: t('tokens.used'), key: 'used', render: (_, token) => (token.usedAt === null ? t('users.never') : <span title={exact(token.usedAt)}>{ago(token.usedAt)}</span>) },
            { title: t('common.by'), dataIndex: 'createdBy' },
            {
              title: '',
              key: 'actions',
              render: (_, token) =>
                token.revokedAt === null ? (
                  <Popconfirm title={t('tokens.revokeConfirm')} onConfirm={() => void act(() => call('DELETE', `/tokens/${token.id}`))}>
                    <Button>{t('tokens.revoke')}</Button>
                  </Popconfirm>
                ) : null,
            },
          ]}
        />
      </Wide>
      <Modal open={making !== undefined} width={680} title={t('tokens.add')} okText={t('tokens.add')} cancelText={t('common.cancel')} okButtonProps={{ disabled: making?.name === '' }} onOk={() => void save()} onCancel={() => setMaking(undefined)}>
        {making === undefined ? null : (
          <>
            <Space style={{ marginBottom: 12 }}>
              <Input aria-label={t('tokens.name')} placeholder={t('tokens.name')} value={making.name} onChange={(event) => setMaking({ ...making, name: event.target.value })} style={{ width: 260 }} />
              <label>
                {t('tokens.days')} <InputNumber min={1} max={366} value={making.days} onChange={(days) => setMaking({ ...making, days: days ?? 90 })} />
              </label>
            </Space>
            <GrantField grant={making.grant} onChange={(grant) => setMaking({ ...making, grant })} />
          </>
        )}
      </Modal>
      <Once title={t('tokens.shown', { name: made?.name ?? '' })} text={t('tokens.shownText')} secret={made?.token} onClose={() => setMade(undefined)} />
    </>
  );
}

import type { UserRow } from '@palisade/app-console/routes/users';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, Modal, Popconfirm, Space, Table, Tag } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import type { z } from 'zod';
import { call, get } from '../../api.ts';
import { useAct } from '../../parts/act.ts';
import type { Grant } from '../../parts/grants.tsx';
import { GrantFields, GrantList } from '../../parts/grants.tsx';
import { Once } from '../../parts/once.tsx';
import { Problem } from '../../parts/problem.tsx';
import { useSpeech } from '../../parts/text.ts';
import { Wide } from '../../parts/wide.tsx';

type User = z.infer<typeof UserRow>;
type Editing = { id?: string; name: string; grants: Grant[] };

/** Who may sign in, and with which roles where. */
export function Users(): ReactNode {
  const { t, ago, exact } = useSpeech();
  const act = useAct('/users');
  const users = useQuery({ queryKey: ['/users'], queryFn: ({ signal }) => get<{ items: User[] }>('/users', {}, signal) });
  const [editing, setEditing] = useState<Editing>();
  const [link, setLink] = useState<{ name: string; link: string; expires: string }>();
  if (users.isError && users.data === undefined) return <Problem error={users.error} onRetry={() => void users.refetch()} />;
  const save = async (): Promise<void> => {
    if (editing === undefined) return;
    const { id, name, grants } = editing;
    const saved =
      id === undefined ? await act(() => call<{ link: string; expires: string }>('POST', '/users', { name, grants }), (made) => setLink({ name, ...made })) : await act(() => call('PATCH', `/users/${id}`, { grants }));
    if (saved) setEditing(undefined);
  };
  return (
    <>
      <p className="intro">{t('users.intro')}</p>
      <div className="actions">
        <Button type="primary" onClick={() => setEditing({ name: '', grants: [{ role: 'viewer', scope: {} }] })}>
          {t('users.add')}
        </Button>
      </div>
      <Wide label={t('settings.users')}>
        <Table<User>
          size="small"
          rowKey="id"
          loading={users.isPending}
          pagination={false}
          dataSource={users.data?.items ?? []}
          columns={[
            { title: t('users.name'), dataIndex: 'name' },
            { title: t('users.grants'), key: 'grants', render: (_, user) => <GrantList grants={user.grants} /> },
            { title: t('users.state'), key: 'state', render: (_, user) => <Tag>{user.disabled ? t('users.disabled') : user.pending === null ? t('users.enabled') : t('users.pending', { when: exact(user.pending) })}</Tag> },
            { title: t('users.lastSeen'), key: 'seen', render: (_, user) => (user.lastSeen === null ? t('users.never') : <span title={exact(user.lastSeen)}>{ago(user.lastSeen)}</span>) },
            {
              title: '',
              key: 'actions',
              render: (_, user) => (
                <Space>
                  <Button onClick={() => setEditing({ id: user.id, name: user.name, grants: user.grants })}>{t('users.editRoles')}</Button>
                  {user.disabled ? (
                    <Button onClick={() => void act(() => call('PATCH', `/users/${user.id}`, { disabled: false }))}>{t('users.enable')}</Button>
                  ) : (
                    <>
                      <Button onClick={() => void act(() => call<{ link: string; expires: string }>('POST', `/users/${user.id}/link`), (made) => setLink({ name: user.name, ...made }))}>{t('users.link')}</Button>
                      <Popconfirm title={t('users.disableConfirm')} onConfirm={() => void act(() => call('PATCH', `/users/${user.id}`, { disabled: true }))}>
                        <Button>{t('users.disable')}</Button>
                      </Popconfirm>
                    </>
                  )}
                </Space>
              ),
            },
          ]}
        />
      </Wide>
      <Modal open={editing !== undefined} width={680} title={editing?.id === undefined ? t('users.add') : t('users.editRoles')} okText={t('common.save')} cancelText={t('common.cancel')} okButtonProps={{ disabled: editing?.name === '' }} onOk={() => void save()} onCancel={() => setEditing(undefined)}>
        {editing === undefined ? null : (
          <>
            <Input aria-label={t('users.name')} placeholder={t('users.name')} value={editing.name} disabled={editing.id !== undefined} onChange={(event) => setEditing({ ...editing, name: event.target.value })} style={{ width: 260, marginBottom: 12 }} />
            <GrantFields grants={editing.grants} onChange={(grants) => setEditing({ ...editing, grants })} />
          </>
        )}
      </Modal>
      <Once title={t('users.linkTitle', { name: link?.name ?? '' })} text={link === undefined ? '' : t('users.linkText', { when: exact(link.expires) })} secret={link?.link} onClose={() => setLink(undefined)} />
    </>
  );
}

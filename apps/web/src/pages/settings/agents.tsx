import type { JoinTokenRow } from '@palisade/app-console/routes/tokens';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, InputNumber, Modal, Popconfirm, Select, Table, Tag } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import type { z } from 'zod';
import { call, get } from '../../api.ts';
import { useAct } from '../../parts/act.ts';
import { Once } from '../../parts/once.tsx';
import { Problem } from '../../parts/problem.tsx';
import { useSpeech } from '../../parts/text.ts';
import { Wide } from '../../parts/wide.tsx';

type Agent = { id: string; name: string; version: string; enrolledAt: string; seenAt: string | null; revokedAt: string | null; revokedWhy: string | null };
type Join = z.infer<typeof JoinTokenRow>;
const kinds = ['docker-host', 'kubernetes', 'host'] as const;

/** Which agents are trusted, and how one more joins. */
export function AgentSettings(): ReactNode {
  const { t, ago, exact, number } = useSpeech();
  const act = useAct('/agents', '/join-tokens');
  const agents = useQuery({ queryKey: ['/agents'], queryFn: ({ signal }) => get<{ items: Agent[] }>('/agents', {}, signal) });
  const joins = useQuery({ queryKey: ['/join-tokens'], queryFn: ({ signal }) => get<{ items: Join[] }>('/join-tokens', {}, signal) });
  const [making, setMaking] = useState<{ cluster: string; kind: (typeof kinds)[number]; uses: number; hours: number }>();
  const [token, setToken] = useState<string>();
  if (agents.isError && agents.data === undefined) return <Problem error={agents.error} onRetry={() => void agents.refetch()} />;
  const make = async (): Promise<void> => {
    if (await act(() => call<{ token: string }>('POST', '/join-tokens', making), (made) => setToken(made.token))) setMaking(undefined);
  };
  const open = (join: Join): boolean => join.revokedAt === null && join.uses < join.maxUses && Date.parse(join.expiresAt) > Date.now();
  const standing = (join: Join): string => (open(join) ? t('joins.open', { when: exact(join.expiresAt) }) : t(join.revokedAt !== null ? 'joins.revoked' : join.uses >= join.maxUses ? 'joins.used' : 'joins.expired'));
  return (
    <>
      <p className="intro">{t('agents.intro')}</p>
      <div className="actions">
        <Button type="primary" onClick={() => setMaking({ cluster: 'default', kind: 'docker-host', uses: 1, hours: 1 })}>
          {t('agents.join')}
        </Button>
      </div>
      <Wide label={t('settings.agents')}>
        <Table<Agent>
          size="small"
          rowKey="id"
          loading={agents.isPending}
          pagination={false}
          locale={{ emptyText: t('agents.empty') }}
          dataSource={agents.data?.items ?? []}
          columns={[
            { title: t('agents.name'), dataIndex: 'name' },
            { title: t('agents.version'), key: 'version', render: (_, agent) => <span className="mono">{agent.version}</span> },
            { title: t('agents.state'), key: 'state', render: (_, agent) => <Tag>{agent.revokedAt === null ? t('agents.active') : t('agents.revoked')}</Tag> },
            { title: t('agents.seen'), key: 'seen', render: (_, agent) => (agent.seenAt === null ? t('users.never') : <span title={exact(agent.seenAt)}>{ago(agent.seenAt)}</span>) },
            { title: t('agents.enrolled'), key: 'enrolled', render: (_, agent) => <span title={exact(agent.enrolledAt)}>{ago(agent.enrolledAt)}</span> },
            {
              title: '',
              key: 'actions',
              render: (_, agent) =>
                agent.revokedAt === null ? (
                  <Popconfirm title={t('agents.revokeConfirm')} onConfirm={() => void act(() => call('POST', `/agents/${agent.id}/revoke`))}>
                    <Button>{t('agents.revoke')}</Button>
                  </Popconfirm>
                ) : null,
            },
          ]}
        />
      </Wide>
      <h2 className="section-title">{t('joins.title')}</h2>
      <Wide label={t('joins.title')}>
        <Table<Join>
          size="small"
          rowKey="id"
          loading={joins.isPending}
          pagination={false}
          locale={{ emptyText: t('joins.empty') }}
          dataSource={joins.data?.items ?? []}
          columns={[
            { title: t('agents.cluster'), dataIndex: 'clusterName' },
            { title: t('agents.state'), key: 'state', render: (_, join) => standing(join) },
            { title: t('joins.uses'), key: 'uses', className: 'number', render: (_, join) => t('joins.usesOf', { uses: number(join.uses), most: number(join.maxUses) }) },
            { title: t('audit.when'), key: 'at', render: (_, join) => <span title={exact(join.createdAt)}>{ago(join.createdAt)}</span> },
            { title: t('common.by'), dataIndex: 'createdBy' },
            {
              title: '',
              key: 'actions',
              render: (_, join) =>
                open(join) ? (
                  <Popconfirm title={t('joins.revokeConfirm')} onConfirm={() => void act(() => call('DELETE', `/join-tokens/${join.id}`))}>
                    <Button>{t('agents.revoke')}</Button>
                  </Popconfirm>
                ) : null,
            },
          ]}
        />
      </Wide>
      <Modal open={making !== undefined} title={t('agents.join')} okText={t('agents.join')} cancelText={t('common.cancel')} onOk={() => void make()} onCancel={() => setMaking(undefined)}>
        {making === undefined ? null : (
          <>
            <label>
              {t('agents.cluster')} <Input value={making.cluster} onChange={(event) => setMaking({ ...making, cluster: event.target.value })} style={{ width: 200 }} />
            </label>{' '}
            <Select aria-label={t('agents.kind')} style={{ width: 180 }} value={making.kind} onChange={(kind) => setMaking({ ...making, kind })} options={kinds.map((kind) => ({ value: kind, label: t(`agents.kind.${kind}`) }))} />
            <p>
              <label>
                {t('joins.forNodes')} <InputNumber min={1} max={10_000} precision={0} value={making.uses} onChange={(uses) => setMaking({ ...making, uses: uses ?? 1 })} />
              </label>{' '}
              <label>
                {t('joins.forHours')} <InputNumber min={1} max={2160} precision={0} value={making.hours} onChange={(hours) => setMaking({ ...making, hours: hours ?? 1 })} />
              </label>
            </p>
            {making.uses > 1 ? <p className="quiet">{t('joins.manyHint')}</p> : null}
          </>
        )}
      </Modal>
      <Once title={t('agents.command')} text={t('agents.commandText')} secret={token === undefined ? undefined : `palisade agent --join ${token}`} onClose={() => setToken(undefined)} />
    </>
  );
}

import { useQuery } from '@tanstack/react-query';
import { App, Button, Popconfirm, Space, Table } from 'antd';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { call, get } from '../../api.ts';
import { useAct } from '../../parts/act.ts';
import { ScopeText } from '../../parts/grants.tsx';
import { Problem } from '../../parts/problem.tsx';
import type { Speech } from '../../parts/text.ts';
import { useSpeech } from '../../parts/text.ts';
import { Wide } from '../../parts/wide.tsx';
import { ChannelForm } from './channel-form.tsx';
import { draftOf, newDraft } from './channel-draft.ts';
import type { Channel, Draft } from './channel-draft.ts';
import { Deliveries } from './deliveries.tsx';

/** Whom the console tells of what happens, and whether they could be told. */
export function AlertSettings(): ReactNode {
  const speech = useSpeech();
  const { t, number } = speech;
  const { message } = App.useApp();
  const act = useAct('/alert-channels');
  const channels = useQuery({ queryKey: ['/alert-channels'], queryFn: ({ signal }) => get<{ items: Channel[] }>('/alert-channels', {}, signal), refetchInterval: 15_000 });
  const [draft, setDraft] = useState<Draft>();
  const [shown, setShown] = useState<Channel>();
  const [testing, setTesting] = useState<string>();
  if (channels.isError && channels.data === undefined) return <Problem error={channels.error} onRetry={() => void channels.refetch()} />;
  const test = async (channel: Channel): Promise<void> => {
    setTesting(channel.id);
    await act(
      () => call<{ ok: boolean; answer: string | null; error: string | null }>('POST', `/alert-channels/${channel.id}/test`),
      ({ ok, answer, error }) => void (ok ? message.success(t('alerts.testOk', { answer: answer ?? '' }), 8) : message.error(t('alerts.testFailed', { error: error ?? '' }), 15)),
    );
    setTesting(undefined);
  };
  return (
    <>
      <p className="intro">{t('alerts.intro')}</p>
      <div className="actions">
        <Button type="primary" onClick={() => setDraft(newDraft('webhook', speech.locale))}>
          {t('alerts.add')}
        </Button>
      </div>
      <Wide label={t('settings.alerts')}>
        <Table<Channel>
          size="small"
          rowKey="id"
          loading={channels.isPending}
          pagination={false}
          locale={{ emptyText: t('alerts.empty') }}
          dataSource={channels.data?.items ?? []}
          columns={[
            { title: t('alerts.name'), dataIndex: 'name' },
            { title: t('alerts.to'), key: 'to', render: (_, channel) => <><div>{t(`alerts.kind.${channel.kind}` as 'alerts.kind.webhook')}</div><span className="mono quiet">{channel.destination}</span></> },
            {
              title: t('alerts.what'), key: 'what',
              render: (_, channel) => (
                <>
                  <div>{t('alerts.whatFrom', { sources: channel.sources.map((source) => t(`alerts.source.${source}`)).join(t('common.separator')), priority: t(`rulePriority.${channel.minPriority}`) })}</div>
                  <span className="quiet"><ScopeText scope={channel.scope} /></span>
                </>
              ),
            },
            { title: t('alerts.state'), key: 'state', render: (_, channel) => <State channel={channel} speech={speech} /> },
            { title: t('alerts.sent24h'), key: 'sent', className: 'number', render: (_, channel) => number(channel.sent24h) },
            { title: t('alerts.folded24h'), key: 'folded', className: 'number', render: (_, channel) => number(channel.folded24h) },
            { title: t('alerts.waiting'), key: 'waiting', className: 'number', render: (_, channel) => number(channel.waiting) },
            {
              title: '', key: 'actions',
              render: (_, channel) => (
                <Space wrap size={4}>
                  <Button loading={testing === channel.id} onClick={() => void test(channel)}>{t('alerts.test')}</Button>
                  <Button onClick={() => setShown(channel)}>{t('alerts.history')}</Button>
                  <Button onClick={() => setDraft(draftOf(channel))}>{t('alerts.edit')}</Button>
                  <Popconfirm title={t('alerts.removeConfirm', { name: channel.name })} onConfirm={() => void act(() => call('DELETE', `/alert-channels/${channel.id}`))}>
                    <Button>{t('alerts.remove')}</Button>
                  </Popconfirm>
                </Space>
              ),
            },
          ]}
        />
      </Wide>
      <ChannelForm draft={draft} onChange={setDraft} onClose={() => setDraft(undefined)} />
      <Deliveries channel={shown} onClose={() => setShown(undefined)} />
    </>
  );
}

/** Whether the other side takes what it is sent, in words. */
function State({ channel, speech: { t, ago, exact } }: { channel: Channel; speech: Speech }): ReactNode {
  if (!channel.enabled) return t('alerts.off');
  if (channel.lastErrorAt !== null && (channel.failures > 0 || channel.lastOkAt === null || channel.lastErrorAt > channel.lastOkAt)) {
    return (
      <span title={exact(channel.lastErrorAt)}>
        <b>{t('alerts.failing')}</b>
        <span className="mono">{` ${channel.lastError ?? ''}`}</span>
        {channel.retryAt === null ? null : <div className="quiet">{t('alerts.retryAt', { when: exact(channel.retryAt) })}</div>}
      </span>
    );
  }
  return channel.lastOkAt === null ? t('alerts.untried') : <span title={exact(channel.lastOkAt)}>{t('alerts.ok', { when: ago(channel.lastOkAt) })}</span>;
}

import type { ContainerDetail } from '@palisade/app-console/routes/containers';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Popconfirm, Space } from 'antd';
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { call } from '../api.ts';
import { Part, When } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { useSession } from '../session.tsx';

type Detail = z.infer<typeof ContainerDetail>;
const confirms = { pause: 'container.confirmPause', unpause: 'container.confirmUnpause', stop: 'container.confirmStop', kill: 'container.confirmKill', isolate: 'container.confirmIsolate', reconnect: 'container.confirmReconnect', collect: 'container.confirmCollect' } as const;

/** Pause, resume, stop, kill: asked of the node's agent after a confirmation; what came of each stays visible. */
export function ContainerActions({ detail }: { detail: Detail }): ReactNode {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const client = useQueryClient();
  const { user } = useSession();
  const allowed = user.role === 'approver' || user.role === 'admin';
  const act = useMutation({
    mutationFn: (action: Detail['possible'][number]) => call('POST', `/containers/${encodeURIComponent(detail.id)}/actions`, { action }),
    onSuccess: async () => {
      void message.info(t('container.asked'));
      await client.invalidateQueries({ queryKey: [`/containers/${encodeURIComponent(detail.id)}`] });
    },
  });
  return (
    <Part title={t('container.actions')}>
      {act.isError ? <Alert type="error" showIcon role="alert" title={act.error.message} style={{ marginBottom: 8 }} /> : null}
      {detail.possible.length === 0 ? <p>{t('container.noActions')}</p> : null}
      {allowed && detail.possible.length > 0 ? (
        <Space wrap>
          {detail.possible.map((action) => (
            <Popconfirm key={action} title={t(confirms[action], { name: detail.name })} okText={t(`container.${action}`)} okButtonProps={{ danger: action === 'kill' || action === 'stop' }} onConfirm={() => act.mutate(action)}>
              <Button size="small" danger={action === 'kill'} loading={act.isPending && act.variables === action}>
                {t(`container.${action}`)}
              </Button>
            </Popconfirm>
          ))}
        </Space>
      ) : null}
      {detail.actions.length === 0 ? (
        <p className="quiet">{t('container.actionsNone')}</p>
      ) : (
        <ul className="plain" aria-live="polite">
          {detail.actions.map((done) => (
            <li key={done.id}>
              <When at={done.createdAt} /> · <b>{Object.hasOwn(confirms, done.action) ? t(`container.${done.action}` as 'container.pause') : done.action}</b> · {t(`action.${done.state}`)}
              {done.message === null ? '' : ` (${done.message})`} · <span className="quiet">{t('container.by', { name: done.createdBy })}</span>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

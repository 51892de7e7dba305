import type { DeliveryRow } from '@palisade/app-console/routes/alerts';
import { Drawer, Tag } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { z } from 'zod';
import { PagedTable } from '../../parts/paged-table.tsx';
import { useSpeech } from '../../parts/text.ts';
import type { Channel } from './channel-draft.ts';

type Row = z.infer<typeof DeliveryRow>;

/** Every message of a channel with what became of it. */
export function Deliveries({ channel, onClose }: { channel: Channel | undefined; onClose: () => void }): ReactNode {
  const { t, say, ago, exact, number } = useSpeech();
  return (
    <Drawer open={channel !== undefined} size="large" title={t('alerts.historyOf', { name: channel?.name ?? '' })} onClose={onClose} closable={{ 'aria-label': t('common.close') }} destroyOnHidden>
      {channel === undefined ? null : (
        <PagedTable<Row>
          path={`/alert-channels/${channel.id}/deliveries`}
          query={{}}
          label={t('alerts.history')}
          empty={t('alerts.noHistory')}
          columns={[
            { title: t('audit.when'), key: 'at', render: (_, row) => <span title={exact(row.at)}>{ago(row.at)}</span> },
            { title: t('alerts.about'), key: 'about', render: (_, row) => <><Tag>{t(`alerts.source.${row.source}`)}</Tag><Link to={row.alert.path}>{say(row.alert.title)}</Link></> },
            { title: t('alerts.state'), key: 'state', render: (_, row) => t(`alerts.delivery.${row.state}`) },
            { title: t('alerts.attempts'), key: 'attempts', className: 'number', render: (_, row) => number(row.attempts) },
            { title: t('alerts.outcome'), key: 'outcome', render: (_, row) => <span className="mono">{(row.state === 'sent' ? row.answer : row.error) ?? ''}</span> },
          ]}
        />
      )}
    </Drawer>
  );
}

import { Table } from 'antd';
import type { ReactNode } from 'react';
import type { TextKey } from '../i18n/en.ts';
import type { Task } from './tasks.tsx';
import { useTasks } from './tasks.tsx';
import { useSpeech } from './text.ts';
import { Wide } from './wide.tsx';

/** What ran in the background lately, and how it ended. */
export function RecentTasks(): ReactNode {
  const { t, number, ago, exact } = useSpeech();
  const tasks = useTasks();
  return (
    <Wide label={t('task.recent')}>
      <Table<Task>
        size="small"
        rowKey="id"
        pagination={false}
        locale={{ emptyText: t('common.none') }}
        dataSource={(tasks.data?.items ?? []).slice(0, 10)}
        columns={[
          { title: t('task.what'), key: 'kind', render: (_, task) => t(`task.${task.kind}` as TextKey) },
          { title: t('task.outcome'), key: 'state', render: (_, task) => `${t(`task.state.${task.state}`)}${task.error === null ? '' : `: ${task.error}`}` },
          { title: t('feeds.images'), key: 'total', className: 'number', render: (_, task) => (task.total === null || task.kind === 'feed-pull' ? '–' : t('task.progress', { done: number(task.done), total: number(task.total) })) },
          { title: t('task.started'), key: 'started', render: (_, task) => <span title={exact(task.createdAt)}>{t('policies.changedWhen', { when: ago(task.createdAt), name: task.startedBy })}</span> },
          { title: t('task.took'), key: 'took', className: 'number', render: (_, task) => (task.finishedAt === null ? '–' : `${number(Math.max(0, Math.round((Date.parse(task.finishedAt) - Date.parse(task.createdAt)) / 100) / 10))} s`) },
        ]}
      />
    </Wide>
  );
}

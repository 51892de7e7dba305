import type { TaskRow } from '@palisade/app-console/routes/tasks';
import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Progress, Space } from 'antd';
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { call, get } from '../api.ts';
import type { TextKey } from '../i18n/en.ts';
import { useMay } from '../session.tsx';
import { useSpeech } from './text.ts';

export type Task = z.infer<typeof TaskRow>;

/** Long work of the console: open first, then the last that ended. */
export function useTasks() {
  return useQuery({ queryKey: ['/tasks'], queryFn: ({ signal }) => get<{ items: Task[] }>('/tasks', {}, signal), refetchInterval: (query) => (query.state.data?.items.some((task) => task.finishedAt === null) ? 2000 : 30_000) });
}

/** How far a task is: what, how much, and what it is doing now. */
export function TaskProgress({ task }: { task: Task }): ReactNode {
  const { t, number, bytes } = useSpeech();
  const may = useMay();
  const download = task.kind === 'feed-pull';
  const amount = download ? bytes : number;
  const percent = task.total === null || task.total === 0 ? undefined : Math.floor((100 * task.done) / task.total);
  const phase = task.step?.['phase'];
  return (
    <div>
      <Space wrap>
        <b>{t(`task.${task.kind}` as TextKey)}</b>
        {typeof phase === 'string' ? <span>{t(`task.step.${phase}` as TextKey, { file: String(task.step?.['file'] ?? ''), n: String(task.step?.['n'] ?? ''), of: String(task.step?.['of'] ?? '') })}</span> : null}
        {task.total === null || task.total === 0 ? null : <span>{t('task.progress', { done: amount(task.done), total: amount(task.total) })}</span>}
        {download && may('manage-feeds') ? <Button onClick={() => void call('POST', `/tasks/${task.id}/cancel`)}>{t('task.cancel')}</Button> : null}
      </Space>
      <Progress percent={percent ?? 0} showInfo={percent !== undefined} size="small" status={percent === undefined ? 'active' : 'normal'} aria-label={t(`task.${task.kind}` as TextKey)} />
    </div>
  );
}

/** Open tasks above every page. */
export function OpenTasks(): ReactNode {
  const tasks = useTasks();
  const open = (tasks.data?.items ?? []).filter((task) => task.finishedAt === null);
  if (open.length === 0) return null;
  return (
    <div className="open-tasks">
      {open.slice(0, 3).map((task) => (
        <Alert key={task.id} type="info" title={<TaskProgress task={task} />} />
      ))}
    </div>
  );
}

import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';

export const taskStates = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;

/** Opens a task in the caller's transaction: what everybody sees of long work. `total` undefined: not known yet. */
export async function openTask(trx: Db, task: { kind: string; subject: string; by: string; total?: number; step?: unknown }): Promise<string> {
  const id = `tsk_${randomBytes(10).toString('hex')}`;
  await sql`insert into tasks (id, kind, subject, state, total, step, started_by) values (${id}, ${task.kind}, ${task.subject}, 'waiting', ${task.total ?? null}, ${JSON.stringify(task.step ?? null)}::jsonb, ${task.by})`.execute(trx);
  await announce(trx, 'tasks', null, id);
  return id;
}

/** Tells how far a task is; false once somebody asked to end it. */
export async function advanceTask(db: Db, id: string, progress: { done?: number; total?: number | undefined; step?: unknown }): Promise<boolean> {
  const updated = await sql<{ cancelled: boolean }>`update tasks set state = 'running', updated_at = now(), done = ${progress.done ?? 0}, total = ${progress.total ?? null},
    step = ${JSON.stringify(progress.step ?? null)}::jsonb where id = ${id} and finished_at is null returning cancelled`.execute(db);
  await announce(db, 'tasks', null, id);
  return updated.rows[0] !== undefined && !updated.rows[0].cancelled;
}

/** Ends a task with its outcome. */
export async function closeTask(db: Db, id: string, outcome: { state: 'done' | 'failed' | 'cancelled'; error?: string; step?: unknown }): Promise<void> {
  await sql`update tasks set state = ${outcome.state}, error = ${outcome.error ?? null}, finished_at = now(), updated_at = now(), step = coalesce(${outcome.step === undefined ? null : JSON.stringify(outcome.step)}::jsonb, step),
    done = case when ${outcome.state} = 'done' and total is not null then total else done end where id = ${id} and finished_at is null`.execute(db);
  await announce(db, 'tasks', null, id);
}

import { sql } from 'kysely';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import { openTask } from '../tasks/store.ts';
import { due, markAllDue } from './due.ts';

/** Kinds of rounds over every image, and what is due in them. */
const rounds = { rematch: due.match, rejudge: due.verdict } as const;

/** Marks every image and opens the task that shows how far it is. A round still open is overtaken by the new one. */
export async function startRound(trx: Db, kind: keyof typeof rounds, subject: string, by: string): Promise<string> {
  const total = await markAllDue(trx, rounds[kind]);
  await sql`update tasks set state = 'done', step = '{"overtaken": true}'::jsonb, finished_at = now(), updated_at = now() where kind = ${kind} and finished_at is null`.execute(trx);
  return openTask(trx, { kind, subject, by, total });
}

/** Opens a progress task over the images that are due for a verdict already. */
export async function showRound(trx: Db, subject: string, by: string): Promise<string> {
  const waiting = await sql<{ n: number }>`select count(*)::int n from images where due >= ${due.verdict} and status is not null`.execute(trx);
  await sql`update tasks set state = 'done', step = '{"overtaken": true}'::jsonb, finished_at = now(), updated_at = now() where kind = 'rejudge' and finished_at is null`.execute(trx);
  return openTask(trx, { kind: 'rejudge', subject, by, total: waiting.rows[0]?.n ?? 0 });
}

/** Brings the open rounds' progress in line with what is still due, and closes those with nothing left. */
export async function advanceRounds(db: Db): Promise<void> {
  const open = await sql<{ id: string; kind: keyof typeof rounds; total: number; done: number }>`select id, kind, total, done from tasks where kind = any(${Object.keys(rounds)}::text[]) and finished_at is null`.execute(db);
  for (const task of open.rows) {
    const left = await sql<{ n: number; failed: number }>`select count(*) filter (where due >= ${rounds[task.kind]})::int n, count(*) filter (where judge_problem is not null)::int failed from images where status is not null`.execute(db);
    const { n = 0, failed = 0 } = left.rows[0] ?? {};
    const done = Math.max(task.done, Math.min(task.total, task.total - n));
    await sql`update tasks set done = ${n === 0 ? task.total : done}, state = ${n === 0 ? (failed > 0 ? 'failed' : 'done') : 'running'}, updated_at = now(), finished_at = ${n === 0 ? sql`now()` : sql`null`},
      error = ${n === 0 && failed > 0 ? `${failed} images could not be judged: their old answer stays (see coverage)` : null} where id = ${task.id} and finished_at is null and (done <> ${done} or ${n === 0})`.execute(db);
    await announce(db, 'tasks', null, task.id);
  }
}

import { sql } from 'kysely';
import type { Logger } from 'pino';
import type pg from 'pg';
import { messageOf } from '@palisade/model/error';
import type { Live } from '../live.ts';
import { startPolling } from '../polling.ts';
import type { Polling } from '../polling.ts';
import type { Db } from '../postgres/database.ts';
import { advanceTask, closeTask } from './store.ts';

export type RunningTask = { readonly id: string; readonly subject: string; readonly startedBy: string; readonly signal: AbortSignal };

/** Does a task's work from wherever an earlier attempt got; answers what to remember of it. */
export type TaskWork = (task: RunningTask) => Promise<Readonly<Record<string, unknown>>>;

const pollMs = 5000;

/**
 * Runs tasks of the given kinds, one at a time in this replica. The claim is a session's advisory lock: when a replica
 * dies its connection ends, the lock with it, and another (or the same, restarted) goes on within seconds.
 */
export function startRunner(db: Db, pool: pg.Pool, live: Live, log: Logger, works: Readonly<Record<string, TaskWork>>, done: () => void): Polling {
  const ending = new AbortController();

  const claim = async (): Promise<boolean> => {
    const open = await sql<{ id: string; kind: string; subject: string; startedBy: string }>`select id, kind, subject, started_by "startedBy" from tasks
      where kind = any(${Object.keys(works)}::text[]) and finished_at is null order by created_at limit 20`.execute(db);
    for (const task of open.rows) {
      const client = await pool.connect();
      const lost = new AbortController();
      const drop = (error: Error): void => lost.abort(error);
      client.on('error', drop);
      let whole = true;
      try {
        const locked = await client.query<{ got: boolean }>('select pg_try_advisory_lock(7443004, hashtext($1)) got', [task.id]);
        if (locked.rows[0]?.got !== true) continue;
        // Another replica may have finished it between our look and the lock.
        const still = await client.query('select 1 from tasks where id = $1 and finished_at is null', [task.id]);
        if (still.rows.length > 0) await work(task, AbortSignal.any([ending.signal, lost.signal]));
        await client.query('select pg_advisory_unlock(7443004, hashtext($1))', [task.id]);
        return true;
      } catch (error) {
        whole = false;
        throw error;
      } finally {
        client.off('error', drop);
        client.release(!whole);
      }
    }
    return false;
  };

  const work = async (task: { id: string; kind: string; subject: string; startedBy: string }, signal: AbortSignal): Promise<void> => {
    try {
      if (!(await advanceTask(db, task.id, {}))) {
        await closeTask(db, task.id, { state: 'cancelled' });
        return;
      }
      const step = await works[task.kind]?.({ ...task, signal });
      await closeTask(db, task.id, { state: 'done', step });
    } catch (error) {
      // Stopping is no failure: the task stays open and is taken up again.
      if (signal.aborted) throw error;
      const asked = await sql<{ cancelled: boolean }>`select cancelled from tasks where id = ${task.id}`.execute(db);
      log.warn({ task: task.id, kind: task.kind, error: messageOf(error) }, 'a task failed');
      await closeTask(db, task.id, asked.rows[0]?.cancelled === true ? { state: 'cancelled' } : { state: 'failed', error: messageOf(error) });
    }
    live.nudge('changes');
    done();
  };

  return startPolling({ everyMs: pollMs, ending, step: claim, failed: (reason) => log.warn({ error: reason }, 'tasks paused') });
}

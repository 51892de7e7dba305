import { sql } from 'kysely';
import type { Logger } from 'pino';
import { announce } from '../live.ts';
import type { Live } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import { openPartitions, retentionDays, retire } from '../postgres/partitions.ts';
import { retireEvidence } from '../evidence/retire.ts';
import { judgeStored } from '../ingest/judge-container.ts';
import { ingestKinds } from '../ingest/registry.ts';
import { replayHeld } from './replay-held.ts';
import { refreshSummaries } from './summaries.ts';

/** Background work of one replica. What must run once over all replicas takes an advisory lock. */
export type Jobs = {
  /** Findings changed: the summaries of their rules are made anew soon, at most as often as they are cheap. */
  summariesDue(): void;
  stop(): Promise<void>;
};

const dayMs = 86_400_000;

export function startJobs(db: Db, live: Live, log: Logger, now: () => Date = () => new Date()): Jobs {
  let stopped = false;
  let due: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let lastTook = 0;

  const summarise = async (): Promise<void> => {
    due = undefined;
    const started = performance.now();
    try {
      const { whole } = await db.transaction().execute(async (trx) => {
        const refreshed = await refreshSummaries(trx);
        if (refreshed.rules > 0) await announce(trx, 'summaries');
        return refreshed;
      });
      live.nudge('changes');
      // Lists are answered from an index alone only where the rows are known to be seen by all: not left to the next round of autovacuum.
      if (whole) await sql`vacuum (analyze, skip_locked) rule_summaries`.execute(db);
    } catch (error) {
      if (stopped) return;
      log.warn({ error: String(error) }, 'summaries not refreshed; trying again');
      jobs.summariesDue();
    }
    lastTook = performance.now() - started;
  };

  const daily = async (): Promise<void> => {
    try {
      await openPartitions(db, now());
      const { dropped, rows } = await retire(db, now());
      const emptied = await retireEvidence(db, now(), (await retentionDays(db)).evidence);
      if (emptied > 0) log.info({ evidence: emptied }, 'files of evidence older than its retention are removed; its chain stays');
      await sql`delete from commands where kind = 'activity' and finished_at < now() - interval '1 hour'`.execute(db);
      // Nothing says that refused items have ended; a week without one does.
      await sql`update gaps set until = seen_at where source = 'ingest' and kind = 'items-refused' and until is null and seen_at < ${now().toISOString()}::timestamptz - interval '7 days'`.execute(db);
      if (dropped.length > 0 || Object.keys(rows).length > 0) log.info({ dropped, rows }, 'what was older than its retention is removed');
    } catch (error) {
      if (!stopped) log.error({ error: String(error) }, 'partitions not kept');
    }
  };
  const timer = setInterval(() => void (running = running.then(daily)), dayMs / 8);
  const once = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!stopped) log.error({ error: String(error) }, what);
    }
  };
  running = daily()
    .then(() => once('items held by an earlier release not stored', async () => {
      if ((await replayHeld(db, ingestKinds)) > 0) jobs.summariesDue();
    }))
    .then(() => once('stored containers not judged by the present rules', () => judgeStored(db)));

  const jobs: Jobs = {
    summariesDue() {
      if (stopped || due !== undefined) return;
      // Five times its own cost apart: a large installation spends at most a sixth of one connection on it.
      due = setTimeout(() => void (running = running.then(summarise)), Math.max(300, 5 * lastTook));
    },
    async stop() {
      stopped = true;
      clearTimeout(due);
      clearInterval(timer);
      await running;
    },
  };
  return jobs;
}

import type { Logger } from 'pino';
import { sql } from 'kysely';
import { messageOf } from '@palisade/model/error';
import type { ActiveFeed } from '../feeds/local.ts';
import { announce } from '../live.ts';
import type { Live } from '../live.ts';
import { startPolling } from '../polling.ts';
import type { Polling } from '../polling.ts';
import type { Db } from '../postgres/database.ts';
import { judgingChild } from './child.ts';
import { due, markAllDue } from './due.ts';
import type { Setup } from './question.ts';
import { currentSetup, stampOf } from './setup.ts';
import { questionOf, storeJudgement, storeProblem, storedImageColumns } from './stored.ts';
import type { StoredImage } from './stored.ts';
import { advanceRounds } from './rounds.ts';

const pollMs = 3000;
const idleChildMs = 60_000;

/**
 * Judges images that are due, one a transaction. The row's lock is the claim: a replica that dies gives it back at once,
 * several replicas share the work, and until the commit everyone reads the old answer.
 */
export function startJudging(db: Db, live: Live, log: Logger, activeFeed: ActiveFeed, changed: () => void): Polling {
  const child = judgingChild();
  const ending = new AbortController();

  const one = async (setup: Setup, stamp: string, feed: { sha256: string } | null): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      await sql`set local statement_timeout = '120s'`.execute(trx);
      const found = await sql<StoredImage>`select ${storedImageColumns} from images i join clusters c on c.id = i.cluster
        where i.due > 0 and i.status is not null order by i.due desc, i.running desc, i.key limit 1 for update of i skip locked`.execute(trx);
      const image = found.rows[0];
      if (image === undefined) return false;
      // Read after the row is locked: what changes later marks this image again, and waits for us to do so.
      if ((await stampOf(trx)) !== stamp) return false;
      const now = new Date().toISOString();
      try {
        const judged = await child.ask(setup, await questionOf(trx, image, image.due === due.match, now));
        await storeJudgement(trx, image, judged, feed?.sha256 ?? null, now);
      } catch (error) {
        if (ending.signal.aborted || (error as { code?: string }).code?.match(/^[0-9A-Z]{5}$/) != null) throw error;
        log.error({ image: image.key, error: messageOf(error) }, 'an image could not be judged; its old answer stays');
        await storeProblem(trx, image, messageOf(error));
      }
      await announce(trx, 'verdicts', image.cluster, image.key);
      return true;
    });

  const round = async (): Promise<{ waiting: boolean; done: number }> => {
    const waiting = await sql`select 1 from images where due > 0 and status is not null limit 1`.execute(db);
    if (waiting.rows.length === 0) return { waiting: false, done: 0 };
    const stamp = await stampOf(db);
    const feed = await activeFeed();
    const setup = await currentSetup(db, feed?.file ?? null);
    let done = 0;
    // A round is short, so that a policy or feed that changed meanwhile is soon what the rest is judged by.
    for (const started = Date.now(); !ending.signal.aborted && Date.now() - started < 2000 && (await one(setup, stamp, feed)); ) done += 1;
    return { waiting: true, done };
  };

  let busy = Date.now();
  const polling = startPolling({
    everyMs: pollMs,
    ending,
    failed: (reason) => log.warn({ error: reason }, 'judging paused'),
    async step() {
      await newDay(db);
      const { waiting, done } = await round();
      await advanceRounds(db);
      if (done > 0) {
        busy = Date.now();
        live.nudge('changes');
        changed();
      } else if (!waiting && Date.now() - busy > idleChildMs) child.stop();
      return done > 0;
    },
  });
  return {
    wake: polling.wake,
    async stop() {
      ending.abort();
      child.stop();
      await polling.stop();
    },
  };
}

/** Waivers end and feeds age without anyone doing anything: with each day (UTC) every verdict is made anew. */
async function newDay(db: Db): Promise<void> {
  const today = JSON.stringify(new Date().toISOString().slice(0, 10));
  const turned = await sql<{ first: boolean }>`insert into settings (key, value) values ('judged-day', ${today}::jsonb)
    on conflict (key) do update set value = excluded.value, changed_at = now() where settings.value <> excluded.value returning (xmax = 0) as first`.execute(db);
  if (turned.rows[0] !== undefined && !turned.rows[0].first) await markAllDue(db, due.verdict);
}

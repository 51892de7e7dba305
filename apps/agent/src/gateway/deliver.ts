import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ItemsAnswer, batchLimits } from '@palisade/model/wire';
import { messageOf } from '@palisade/model/error';
import type { Spool } from '../spool/spool.ts';
import type { Credentials } from './call.ts';
import { GatewayError, open, readText } from './call.ts';
import type { Doorbell } from './doorbell.ts';

const compress = promisify(gzip);
const firstPause = 500;
const usualLongestPause = 30_000;
const firstBatch = 256;
/** A batch that took longer is not followed by a larger one: what is not committed when one of us dies is sent again whole. */
const quick = 1000;

export type Delivery = {
  readonly spool: Spool;
  /** Rung when something must not wait for the next round. */
  readonly doorbell?: Doorbell;
  /** Asked before each batch: the certificate may have been renewed. */
  who(): { url: string; credentials: Credentials };
  readonly signal: AbortSignal;
  /** Milliseconds between two tries at most. */
  readonly longestPause?: number;
  log(message: string): void;
};

/**
 * Empties the spool into the console until the signal aborts; what the console has not committed is sent again, with
 * growing pauses. Batches grow while they go through quickly and shrink when one fails, so that a slow or dying console
 * still gets ahead.
 */
export async function deliver({ spool, doorbell, who, signal, log, longestPause = usualLongestPause }: Delivery): Promise<void> {
  let pause = firstPause;
  let most: number = firstBatch;
  while (!signal.aborted) {
    const batch = spool.next(most);
    if (batch === undefined) {
      await (doorbell?.wait ?? rest)(firstPause, signal);
      continue;
    }
    const started = performance.now();
    try {
      const { url, credentials } = who();
      const body = await compress(`${batch.lines.join('\n')}\n`);
      const answer = await open({ url, method: 'POST', path: '/agent/v1/items', credentials, body, headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }, signal });
      const { refused } = ItemsAnswer.parse(JSON.parse(await readText(answer)));
      batch.commit();
      for (const one of refused) log(`the console set item ${one.id} aside: ${one.reason}`);
      pause = firstPause;
      if (performance.now() - started > 2 * quick) most = Math.max(1, most >> 1);
      else if (performance.now() - started < quick) most = Math.min(most * 2, batchLimits.items);
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof GatewayError && error.status === 401 ? ' (revoked or expired: enrol this node again)' : '';
      log(`not delivered yet, trying again in ${pause / 1000} s: ${messageOf(error)}${why}`);
      most = Math.max(1, most >> 1);
      // Not all agents at the same moment: a console that comes back is asked by one after another.
      await rest(pause * (0.5 + Math.random() / 2), signal);
      pause = Math.min(pause * 2, longestPause);
    }
  }
}

/** Waits, or returns early when the signal aborts. */
export async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

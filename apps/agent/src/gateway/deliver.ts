import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ItemsAnswer } from '@palisade/model/wire';
import { messageOf } from '@palisade/model/error';
import type { Spool } from '../spool/spool.ts';
import type { Credentials } from './call.ts';
import { GatewayError, open, readText } from './call.ts';

const compress = promisify(gzip);
const firstPause = 500;
const longestPause = 30_000;

export type Delivery = {
  readonly spool: Spool;
  /** Asked before each batch: the certificate may have been renewed. */
  who(): { url: string; credentials: Credentials };
  readonly signal: AbortSignal;
  log(message: string): void;
};

/** Empties the spool into the console until the signal aborts; what the console has not committed is sent again, with growing pauses. */
export async function deliver({ spool, who, signal, log }: Delivery): Promise<void> {
  let pause = firstPause;
  while (!signal.aborted) {
    const batch = spool.next();
    if (batch === undefined) {
      await rest(firstPause, signal);
      continue;
    }
    try {
      const { url, credentials } = who();
      const body = await compress(`${batch.lines.join('\n')}\n`);
      const answer = await open({ url, method: 'POST', path: '/agent/v1/items', credentials, body, headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }, signal });
      const { refused } = ItemsAnswer.parse(JSON.parse(await readText(answer)));
      batch.commit();
      for (const one of refused) log(`the console set item ${one.id} aside: ${one.reason}`);
      pause = firstPause;
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof GatewayError && error.status === 401 ? ' (revoked or expired: enrol this node again)' : '';
      log(`not delivered yet, trying again in ${pause / 1000} s: ${messageOf(error)}${why}`);
      await rest(pause, signal);
      pause = Math.min(pause * 2, longestPause);
    }
  }
}

/** Waits, or returns early when the signal aborts. */
export async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

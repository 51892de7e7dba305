import { sql } from 'kysely';
import type { Logger } from 'pino';
import { messageOf } from '@palisade/model/error';
import { announce } from '../live.ts';
import type { Live } from '../live.ts';
import { startPolling } from '../polling.ts';
import type { Polling } from '../polling.ts';
import type { Db } from '../postgres/database.ts';
import { claimNext, recordFailure, recordSent } from './claim.ts';
import type { Claimed } from './claim.ts';
import { channelKinds } from './channels/registry.ts';
import { tellBlocked } from './web-groups.ts';

/** Closes secret values under the installation's secret, and opens them. */
export type Vault = { seal(values: unknown): string; open(sealed: string | null): unknown };

export type AlertSettings = { readonly everyMs: number; readonly digestSeconds: number };
export const usualAlertSettings: AlertSettings = { everyMs: 2000, digestSeconds: 300 };

const sendLimitMs = 15_000;
/** Messages of one channel in a row before the others are looked at again. */
const turn = 20;

/** Sends what waits, each channel on its own, so that one that hangs holds up nobody else. */
export function startAlerts(db: Db, live: Live, log: Logger, vault: Vault, publicUrl: () => string, settings: AlertSettings = usualAlertSettings): Polling {
  const serve = async (channel: string, signal: AbortSignal): Promise<boolean> => {
    for (let sent = 0; sent < turn && !signal.aborted; sent += 1) {
      const claimed = await claimNext(db, channel, settings.digestSeconds);
      if (claimed === undefined) return sent > 0;
      const outcome = await attempt(claimed, vault, publicUrl(), signal);
      // Stopping is no failure: the claim runs out and another replica sends it.
      if (signal.aborted && 'error' in outcome) return false;
      await db.transaction().execute(async (trx) => {
        if ('answer' in outcome) await recordSent(trx, claimed, outcome.answer);
        else await recordFailure(trx, claimed, outcome.error);
        await announce(trx, 'alerts', null, channel);
      });
      live.nudge('changes');
      if ('error' in outcome) {
        log.warn({ channel, kind: claimed.channel.kind, error: outcome.error }, 'an alert was not taken; trying again later');
        return true;
      }
    }
    return true;
  };
  return startPolling({
    everyMs: settings.everyMs,
    failed: (reason) => log.warn({ error: reason }, 'alerts paused'),
    async step(signal) {
      const grouped = await tellBlocked(db);
      await sql`update alert_deliveries set state = 'waiting', sent_at = null, claimed_until = null where state = 'sending' and claimed_until < now()`.execute(db);
      const due = await sql<{ id: string }>`select c.id from alert_channels c where c.enabled and (c.retry_at is null or c.retry_at <= now())
        and exists (select 1 from alert_deliveries d where d.channel = c.id and d.state = 'waiting' and d.next_at <= now()) order by c.id limit 100`.execute(db);
      const served = await Promise.all(due.rows.map(({ id }) => serve(id, signal)));
      return grouped > 0 || served.includes(true);
    },
  });
}

/** Sends one message by its channel's kind; what went wrong is answered, not thrown. */
export async function attempt({ id, channel, alert }: Claimed, vault: Vault, publicUrl: string, stopping: AbortSignal): Promise<{ answer: string } | { error: string }> {
  try {
    const kind = channelKinds.get(channel.kind);
    if (kind === undefined) throw new Error(`this release does not know channels of kind "${channel.kind}"`);
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(sendLimitMs)]);
    const message = { id, alert, url: `${publicUrl}${alert.path}`, language: channel.language };
    return { answer: await kind.send(message, kind.config.parse(channel.config), kind.secret.parse(vault.open(channel.sealed)), { now: new Date(), signal }) };
  } catch (error) {
    return { error: messageOf(error).slice(0, 500) };
  }
}

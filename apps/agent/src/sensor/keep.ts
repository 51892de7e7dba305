import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@palisade/model/error';
import type { Armed, Request, WardenOptions } from './warden.ts';
import { startWarden } from './warden.ts';

/** The time nothing was recorded, because no warden ran. */
export type Outage = { readonly since: Date; readonly until: Date; readonly seconds: number; readonly reason: string };

export type KeeperOptions = WardenOptions & {
  /** The first time and after each restart; what is not pinned (skipped containers) must be asked for anew then. */
  onArmed(armed: Armed): void;
  onOutage(outage: Outage): void;
  /** A restart that failed; it is tried again. */
  onFailure(reason: string): void;
};

export type KeptWarden = {
  /** The running warden's pid, undefined while none runs. */
  readonly pid: number | undefined;
  /** As a warden's request; throws `sensor-ended` while none runs. */
  request(request: Request): Promise<void>;
  stop(): Promise<void>;
};

/** Waits between failed starts: at once, then longer, never more than 5 s. */
const delays = [0, 200, 1_000, 5_000];

/**
 * Starts a warden and starts the next one when it dies by itself. Each time without one is told as an outage with its
 * length; with pins it begins where the last warden was still alive, even when this process did not see it die.
 * Throws like startWarden when the first start fails.
 */
export async function keepWarden(options: KeeperOptions): Promise<KeptWarden> {
  let running = await startWarden(options);
  let alive = true;
  let stopping = false;
  armed(undefined, 'no sensor ran before this one');

  function armed(died: number | undefined, reason: string): void {
    const until = Date.now();
    const since = Math.min(died ?? until, until - running.armed.gapMs);
    options.onArmed(running.armed);
    if (since < until) options.onOutage({ since: new Date(since), until: new Date(until), seconds: (until - since) / 1000, reason });
  }

  async function keep(): Promise<void> {
    for (;;) {
      const reason = await running.ended.then(() => undefined, messageOf);
      if (reason === undefined || stopping || options.signal.aborted) return;
      alive = false;
      const died = Date.now();
      for (let tries = 0; !alive; tries += 1) {
        await sleep(delays[Math.min(tries, delays.length - 1)]);
        if (stopping || options.signal.aborted) return;
        try {
          running = await startWarden(options);
          alive = true;
          armed(died, reason);
        } catch (error) {
          options.onFailure(messageOf(error));
        }
      }
    }
  }

  const kept = keep();
  return {
    get pid() {
      return alive ? running.pid : undefined;
    },
    request: (request) => running.request(request),
    async stop() {
      stopping = true;
      if (alive) await running.stop();
      await kept;
    },
  };
}

import { rest } from './deliver.ts';

/** Cuts a pause short: `ring` ends the wait there is, or the next one. */
export type Doorbell = { ring(): void; wait(milliseconds: number, signal: AbortSignal): Promise<void> };

export function createDoorbell(): Doorbell {
  let rung = false;
  let waiting: AbortController | undefined;
  return {
    ring() {
      rung = true;
      waiting?.abort();
    },
    async wait(milliseconds, signal) {
      if (!rung) {
        waiting = new AbortController();
        await rest(milliseconds, AbortSignal.any([signal, waiting.signal]));
        waiting = undefined;
      }
      rung = false;
    },
  };
}

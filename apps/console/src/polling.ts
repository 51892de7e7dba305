import { messageOf } from '@palisade/model/error';

/** Work that one replica does again and again until it is stopped. */
export type Polling = {
  /** Look now, or as soon as the present look is over. */
  wake(): void;
  stop(): Promise<void>;
};

/**
 * Calls `step` at once after one that found work (it answers true), else when woken or after `everyMs`. An error is
 * told by `failed` and the next look comes as usual; those of being stopped are not told.
 */
export function startPolling({ everyMs, step, failed, ending = new AbortController() }: { everyMs: number; step: (signal: AbortSignal) => Promise<boolean>; failed: (reason: string) => void; ending?: AbortController }): Polling {
  let interrupt = (): void => undefined;
  let asked = false;
  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      asked = false;
      let worked = false;
      try {
        worked = await step(ending.signal);
      } catch (error) {
        if (!ending.signal.aborted) failed(messageOf(error));
      }
      if (worked || asked || ending.signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        interrupt = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const running = loop();
  return {
    wake() {
      asked = true;
      interrupt();
    },
    async stop() {
      ending.abort();
      interrupt();
      await running;
    },
  };
}

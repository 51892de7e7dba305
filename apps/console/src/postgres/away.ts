import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Whether an error says that the database was away, not that it refused: the same may succeed a moment later. Postgres:
 * class 08 connection, 57P admin shutdown or crash, 53 out of resources; Node: socket errors.
 */
export function databaseIsAway(error: { code?: unknown; message: string }): boolean {
  return (typeof error.code === 'string' && /^(08|57P|53)|^E(CONNREFUSED|CONNRESET|PIPE|NOENT)/.test(error.code)) || /Connection terminated|timeout exceeded when trying to connect/.test(error.message);
}

const patience = 120_000;
const pause = 250;

/**
 * Does a step of a start again while the database is away, for two minutes: one that dies or is started again meanwhile
 * must not end the console with it. `step` must be one that may be done twice. Throws its last error.
 */
export async function whileAway<Answer>(step: () => Promise<Answer>, tell: (error: Error) => void, wait: (milliseconds: number) => Promise<unknown> = sleep): Promise<Answer> {
  for (let waited = 0; ; waited += pause) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Error) || !databaseIsAway(error) || waited >= patience) throw error;
      if (waited % 5000 === 0) tell(error);
      await wait(pause);
    }
  }
}

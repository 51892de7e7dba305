import { parseArgs } from 'node:util';
import { startFront } from '@palisade/app-agent/waf/front';
import { messageOf } from '@palisade/model/error';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { linkEngine } from '../../scan/engine-link.ts';
import { sensorProgram } from '../watch/sensor.ts';
import { ports } from './protect-options.ts';
import { containerId, runningContainer } from './running-container.ts';

/** Takes away what a killed `waf protect` left in a container's network: a port that failed closed opens. */
export async function unprotect(args: readonly string[], io: Io): Promise<number> {
  const { container, wanted } = parse(args);
  const link = await linkEngine(io);
  try {
    const running = await runningContainer(link.engine, await containerId(link.engine, container));
    if (running === undefined) throw new UsageError(`container ${container} is not running: nothing of it is protected`);
    const front = await startFront({ program: sensorProgram(io), user: 0, workers: 0, command: [], env: io.env, onState: () => undefined, onWords: (line) => io.err(`palisade waf: ${line}\n`) });
    try {
      for (const port of wanted) await front.unprotect({ id: 'left-over', pid: running.pid, start: running.start, port });
    } finally {
      await front.stop();
    }
    return 0;
  } finally {
    link.close();
  }
}

function parse(args: readonly string[]): { container: string; wanted: number[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], strict: true, allowPositionals: true, options: { port: { type: 'string', multiple: true } } });
    const [container, ...more] = positionals;
    if (container === undefined || more.length > 0 || values.port === undefined) throw new UsageError('palisade waf unprotect CONTAINER --port N [--port N]...');
    return { container, wanted: ports(values.port) };
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

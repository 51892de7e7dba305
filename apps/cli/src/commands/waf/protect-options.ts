import { parseArgs } from 'node:util';
import type { FrontSite } from '@palisade/model/waf-front';
import { UsageError } from '../../command.ts';
import { workerUser } from './worker-flags.ts';
import { whole } from './whole.ts';

export type ProtectOptions = {
  readonly container: string;
  readonly ports: readonly number[];
  readonly site: Pick<FrontSite, 'mode' | 'paranoia' | 'rules' | 'uninspected' | 'keepsAddress'>;
  readonly failClosed: boolean;
  readonly workers: number;
  readonly user: number;
};

export const protectUsage = `palisade waf protect CONTAINER --port N [--port N]... --rules GLOB [--rules GLOB]... [--mode detect|block|off] [--paranoia 1..4]
      [--fail open|closed] [--workers N] [--uninspected relay|refuse] [--hide-client-address] [--worker-user UID]`;

/** Reads the command line of `waf protect`. Throws UsageError naming what is wrong. */
export function protectOptions(args: readonly string[]): ProtectOptions {
  const { values, positionals } = parse(args);
  const [container, ...more] = positionals;
  if (container === undefined || more.length > 0 || values.port === undefined || values.rules === undefined) throw new UsageError(`waf protect needs one container, --port and --rules\n${protectUsage}`);
  return {
    container,
    ports: ports(values.port),
    site: {
      rules: values.rules, mode: word('--mode', values.mode ?? 'detect', ['off', 'detect', 'block']), paranoia: whole('--paranoia', values.paranoia ?? '1', 1, 4),
      uninspected: word('--uninspected', values.uninspected ?? 'relay', ['relay', 'refuse']), keepsAddress: values['hide-client-address'] !== true,
    },
    failClosed: word('--fail', values.fail ?? 'open', ['open', 'closed']) === 'closed',
    workers: whole('--workers', values.workers ?? '1', 1, 64),
    user: whole('--worker-user', values['worker-user'] ?? String(workerUser), 0, 4_294_967_294),
  };
}

/** Container ports given on a command line, each once. */
export function ports(texts: readonly string[]): number[] {
  return [...new Set(texts.map((text) => whole('--port', text, 1, 65_535)))];
}

function word<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((one) => one === text);
  if (found === undefined) throw new UsageError(`${option} ${text}: ${words.join(' or ')}`);
  return found;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args], strict: true, allowPositionals: true,
      options: {
        port: { type: 'string', multiple: true }, rules: { type: 'string', multiple: true }, mode: { type: 'string' }, paranoia: { type: 'string' }, fail: { type: 'string' }, workers: { type: 'string' },
        uninspected: { type: 'string' }, 'hide-client-address': { type: 'boolean' }, 'worker-user': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

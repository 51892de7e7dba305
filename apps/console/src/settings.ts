import { isIP } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { refuse } from './errors.ts';

/** Where and how one console process runs; read once from the environment. */
export type ConsoleSettings = {
  readonly home: string;
  readonly databaseUrl: string | undefined;
  readonly secret: string | undefined;
  readonly listen: { host: string; port: number };
  readonly agentListen: { host: string; port: number };
  readonly publicUrl: string | undefined;
  readonly agentUrl: string | undefined;
  readonly logLevel: string;
  /** API requests a minute from one address; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** Addresses or networks of proxies whose x-forwarded-for is believed. */
  readonly trustedProxies: readonly string[];
  /** Seconds between "not ready" and the end, in which a balancer takes this replica out. */
  readonly drainSeconds: number;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws with the variable's name when one doesn't fit. */
export function readSettings(env: Environment): ConsoleSettings {
  const databaseUrl = env['PALISADE_DATABASE_URL'];
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) throw refuse('bad-request', 'PALISADE_DATABASE_URL must begin with postgres://');
  if (databaseUrl !== undefined && env['PALISADE_SECRET'] === undefined) {
    throw refuse('bad-request', 'PALISADE_SECRET is needed with PALISADE_DATABASE_URL: every replica must have the same one');
  }
  return {
    home: env['PALISADE_HOME'] ?? (process.getuid?.() === 0 ? '/var/lib/palisade' : path.join(homedir(), '.palisade')),
    databaseUrl,
    secret: env['PALISADE_SECRET'],
    listen: address('PALISADE_LISTEN', env['PALISADE_LISTEN'] ?? '127.0.0.1:7443'),
    agentListen: address('PALISADE_AGENT_LISTEN', env['PALISADE_AGENT_LISTEN'] ?? '127.0.0.1:7444'),
    publicUrl: env['PALISADE_PUBLIC_URL'],
    agentUrl: env['PALISADE_AGENT_URL'],
    logLevel: env['PALISADE_LOG'] ?? 'info',
    requestsPerMinute: count('PALISADE_RATE_LIMIT', env['PALISADE_RATE_LIMIT'] ?? '6000'),
    drainSeconds: count('PALISADE_DRAIN', env['PALISADE_DRAIN'] ?? '0'),
    trustedProxies: proxies(env['PALISADE_TRUSTED_PROXIES'] ?? ''),
  };
}

function address(name: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw refuse('bad-request', `${name}: "${text}" is no HOST:PORT`);
  return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : (match[2] ?? '')), port };
}

function count(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw refuse('bad-request', `${name}: "${text}" is no whole number`);
  return Number(text);
}

function proxies(text: string): string[] {
  const named = text.split(',').map((one) => one.trim()).filter((one) => one !== '');
  const wrong = named.find((one) => {
    const [address = '', bits, ...more] = one.split('/');
    const most = isIP(address) === 4 ? 32 : 128;
    return isIP(address) === 0 || more.length > 0 || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most));
  });
  if (wrong !== undefined) throw refuse('bad-request', `PALISADE_TRUSTED_PROXIES: "${wrong}" is no address or network`);
  return named;
}

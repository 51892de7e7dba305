import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';

/** Options by which every command that talks to a console finds it. */
export const consoleOptions = { console: { type: 'string' }, token: { type: 'string' } } as const;

export const consoleUsage = [
  '--console URL   the console (PALISADE_CONSOLE; default http://127.0.0.1:7443)',
  '--token TOKEN   an API token of it (PALISADE_TOKEN, which other users of this machine cannot see)',
].join('\n');

/** parseArgs whose complaints are wrong use (exit code 2). */
export function parse<const T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Calls the console's API. Throws UsageError with the console's own reason when it refuses, or why it cannot be reached. */
export async function callConsole<T>(io: Io, values: { console?: string | undefined; token?: string | undefined }, method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const url = (values.console ?? io.env['PALISADE_CONSOLE'] ?? 'http://127.0.0.1:7443').replace(/\/+$/, '');
  const token = values.token ?? io.env['PALISADE_TOKEN'];
  if (token === undefined || token === '') throw new UsageError('no API token: set PALISADE_TOKEN (made in the console under Settings, API tokens)');
  if (!URL.canParse(url)) throw new UsageError(`"${url}" is no URL`);
  const init: RequestInit = { method, signal: io.signal, headers: { authorization: `Bearer ${token}`, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) } };
  if (body !== undefined) init.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(`${url}/api/v1${path}`, init);
  } catch (error) {
    io.signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new UsageError(`the console at ${url} cannot be reached: ${cause}`);
  }
  const text = await response.text();
  let value: unknown;
  try {
    value = text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new UsageError(`${url} answered ${response.status} with something that is not JSON: is it a Palisade console?`);
  }
  if (response.ok) return value as T;
  const problem = (value ?? {}) as { title?: string; detail?: string };
  throw new UsageError(problem.detail ?? problem.title ?? `the console answered ${response.status}`);
}

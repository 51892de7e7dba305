import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import { WafRoute } from '@palisade/model/waf-site';
import { parseArgs } from 'node:util';
import { readApiDocument } from '@palisade/app-waf/openapi/document';
import { requestSchema } from '@palisade/app-waf/openapi/schema';
import type { WorkerSettings } from '@palisade/app-waf/serve/worker';
import { UsageError } from '../../command.ts';
import { whole } from './whole.ts';

export type ServeOptions = { readonly worker: WorkerSettings; readonly rules: readonly string[]; readonly paranoia: number; readonly workers: number };

export const serveUsage = `palisade waf serve --listen HOST:PORT --upstream URL --rules GLOB [--rules GLOB]... [--mode detect|block|off] [--paranoia 1..4]
      [--route 'MODE [METHOD,METHOD...] PATH']... [--site NAME] [--workers N] [--trust ADDRESS|CIDR]... [--no-forwarded] [--uninspected relay|refuse]
      [--tls-cert FILE --tls-key FILE] [--proxy-protocol] [--record FILE [--record-limit MEGABYTES]]
      [--openapi FILE [--openapi-mode detect|block]]
  palisade waf serve --listen 0.0.0.0:8080 --upstream http://127.0.0.1:3000 --rules crs/crs-setup.conf --rules 'crs/rules/*.conf' --mode block
  Events go to standard output, one JSON object a line. SIGHUP reads the rules again; a set that does not load leaves the old one at work.`;

/** Reads the command line of \`waf serve\`. Throws UsageError naming what is wrong. */
export function serveOptions(args: readonly string[], cwd: string): ServeOptions {
  const { values } = parse(args);
  if (values.listen === undefined || values.upstream === undefined || values.rules === undefined) throw new UsageError(`waf serve needs --listen, --upstream and --rules\n${serveUsage}`);
  const mode = values.mode ?? 'detect';
  if (mode !== 'off' && mode !== 'detect' && mode !== 'block') throw new UsageError(`--mode ${mode}: off, detect or block`);
  const uninspected = values.uninspected ?? 'relay';
  if (uninspected !== 'relay' && uninspected !== 'refuse') throw new UsageError(`--uninspected ${uninspected}: relay or refuse`);
  const workers = whole('--workers', values.workers ?? '1', 1, 64);
  return {
    rules: values.rules,
    paranoia: whole('--paranoia', values.paranoia ?? '1', 1, 4),
    workers,
    worker: {
      site: values.site ?? values.upstream, listen: listenAddress(values.listen, workers), upstream: upstreamAddress(values.upstream), mode, routes: (values.route ?? []).map(routeOf), forwarded: values['no-forwarded'] !== true,
      trusted: values.trust ?? [], uninspected, shared: workers > 1, proxyProtocol: values['proxy-protocol'] === true, tls: tlsFiles(values['tls-cert'], values['tls-key'], cwd),
      api: apiFile(values.openapi, values['openapi-mode'] ?? 'detect', cwd),
      record: values.record === undefined ? undefined : { file: path.resolve(cwd, values.record), most: whole('--record-limit', values['record-limit'] ?? '64', 1, 100_000) * 2 ** 20 },
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args], strict: true,
      options: {
        listen: { type: 'string' }, upstream: { type: 'string' }, rules: { type: 'string', multiple: true }, mode: { type: 'string' }, paranoia: { type: 'string' }, route: { type: 'string', multiple: true }, site: { type: 'string' }, workers: { type: 'string' },
        trust: { type: 'string', multiple: true }, 'no-forwarded': { type: 'boolean' }, uninspected: { type: 'string' },
        'tls-cert': { type: 'string' }, 'tls-key': { type: 'string' }, 'proxy-protocol': { type: 'boolean' }, record: { type: 'string' }, openapi: { type: 'string' }, 'openapi-mode': { type: 'string' }, 'record-limit': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function tlsFiles(cert: string | undefined, key: string | undefined, cwd: string): WorkerSettings['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError('--tls-cert and --tls-key belong together');
  const read = (option: string, file: string): string => {
    try {
      return readFileSync(path.resolve(cwd, file), 'utf8');
    } catch (error) {
      throw new UsageError(`${option} ${file}: ${messageOf(error)}`);
    }
  };
  return { cert: read('--tls-cert', cert), key: read('--tls-key', key) };
}

/** `detect GET,HEAD /api/*`; the first route that fits a request decides its mode. */
function routeOf(text: string): WafRoute {
  const [mode, ...rest] = text.trim().split(/\s+/);
  const [path_, methods] = rest.length === 2 ? [rest[1], rest[0]!.split(',')] : [rest[0], undefined];
  const read = WafRoute.safeParse({ mode, path: path_, ...(methods === undefined ? {} : { methods }) });
  if (!read.success || rest.length > 2) throw new UsageError(`--route ${text}: MODE [METHOD,METHOD...] PATH, such as 'detect GET /api/*'${read.success ? '' : `: ${read.error.issues[0]?.message ?? ''}`}`);
  return read.data;
}

function apiFile(file: string | undefined, mode: string, cwd: string): WorkerSettings['api'] {
  if (mode !== 'detect' && mode !== 'block') throw new UsageError(`--openapi-mode ${mode}: detect or block`);
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(path.resolve(cwd, file), 'utf8');
    requestSchema(readApiDocument(text));
    return { text, stop: mode === 'block' };
  } catch (error) {
    throw new UsageError(`--openapi ${file}: ${messageOf(error)}`);
  }
}

function listenAddress(text: string, workers: number): WorkerSettings['listen'] {
  const found = /^(?:\[([0-9A-Fa-f:.%a-z]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) throw new UsageError(`--listen ${text}: HOST:PORT`);
  if (port === 0 && workers > 1) throw new UsageError('--listen with port 0 is for one worker');
  const host = found[1] ?? found[2] ?? '';
  return { host: host === '' ? '::' : host, port };
}

function upstreamAddress(text: string): WorkerSettings['upstream'] {
  if (text.startsWith('unix:')) return { path: text.slice('unix:'.length) };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`--upstream ${text}: a URL such as http://127.0.0.1:3000`);
  }
  if (url.protocol !== 'http:') throw new UsageError(`--upstream ${text}: only http:// (and unix:PATH) is spoken to the application`);
  if (!['', '/'].includes(url.pathname) || url.search !== '') throw new UsageError(`--upstream ${text}: without a path; requests keep their own`);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 80 : Number(url.port) };
}

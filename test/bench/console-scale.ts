import { parseArgs } from 'node:util';
import { refreshSummaries } from '@palisade/app-console/jobs/summaries';
import { openPartitions } from '@palisade/app-console/postgres/partitions';
import { consoleHere, consoleHome, person } from '../e2e/console-client.ts';
import type { Answer, Person } from '../e2e/console-client.ts';
import { fillDatabase } from './console-scale-data.ts';

// p95 of every GET route of the API over a generated installation: each route is called as it is, with each value of its
// enumerations and switches, with text to search for, and on its second page. Routes come from the OpenAPI document, so
// that a new one is measured without being named here. --check fails above 300 ms; --only A,B narrows to routes with one of these texts; --home DIR keeps the data there for the next run (its summaries are then timed without --only alone); --each tells every variant's best time.
const { values } = parseArgs({ options: { check: { type: 'boolean' }, containers: { type: 'string', default: '10000' }, findings: { type: 'string', default: '1000000' }, repeat: { type: 'string', default: '10' }, only: { type: 'string', default: '' }, home: { type: 'string' }, each: { type: 'boolean' } } });
const limit = 300;
const repeat = Number(values.repeat);

type Parameter = { name: string; in: string; required?: boolean; schema: { enum?: unknown[]; type?: string; anyOf?: { enum?: unknown[] }[] } };
type Document = { paths: Record<string, { get?: { parameters?: Parameter[]; tags?: string[] } }> };

/** Values for parameters that are free text; without one a parameter is left out. */
const texts: Readonly<Record<string, readonly string[]>> = {
  q: ['lib1', 'CVE-2020-1', 'zzz'], cluster: ['cls-1'], node: ['node-3'], rule: ['CVE-2020-100'], package: ['lib7'], layer: [`sha256:${'4'.padStart(64, '0')}`], ecosystem: ['npm'], namespace: ['ns-7'], project: ['project-3'],
  image: ['img-9'], actor: ['user-3'], action: ['waiver.approve'], source: ['scan'], risk: ['privileged'],
};
/** What stands for the parameter of a path whose list doesn't give one. */
const ids: readonly [RegExp, string][] = [[/\/images\//, 'img-7'], [/\/containers\//, 'ctr-7'], [/\/nodes\//, 'node-7'], [/\/commands\//, 'cmd-7'], [/\/(rules|vulnerabilities)\//, 'CVE-2020-100'], [/\/waivers\//, 'Waiver/w-7'], [/\/users\//, 'usr-7']];
/** Not measured, and why. */
const apart: readonly [RegExp, string][] = [[/\/live$/, 'a stream that does not end']];

const place = values.home === undefined ? consoleHome() : { home: values.home, remove: () => undefined };
const running = await consoleHere({ PALISADE_HOME: place.home, PALISADE_LOG: 'fatal', PALISADE_RATE_LIMIT: '0' });
try {
  const { pool, db } = running.context;
  const ada = await person(running.url, { ...(running.firstRun === undefined ? {} : { setup: running.firstRun }), name: 'ada', password: 'correct horse battery' });
  await openPartitions(db, new Date());
  const empty = (await pool.query('select 1 from clusters limit 1')).rows.length === 0;
  if (empty) {
    const client = await pool.connect();
    await fillDatabase(client, { containers: Number(values.containers), findings: Number(values.findings) }, (what, rows, ms) => process.stderr.write(`${what}: ${rows} rows, ${Math.round(ms)} ms\n`));
    client.release();
  }
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const started = performance.now();
    await work();
    process.stdout.write(`${what}: ${Math.round(performance.now() - started)} ms\n`);
  };
  const refresh = (whole: boolean): Promise<unknown> => db.transaction().execute((trx) => refreshSummaries(trx, { whole }));
  if (empty || values.only === '') {
    await timed(`summaries over ${values.findings} findings, made anew`, () => refresh(true));
    // As autovacuum does within a minute.
    await pool.query('vacuum analyze rule_summaries');
    for (const images of [1, 10]) {
      await pool.query(`update findings set first_seen = first_seen where image_key = any($1)`, [Array.from({ length: images }, (_, n) => `img-${n + 11}`)]);
      await timed(`summaries after a new scan of ${images} of its images`, () => refresh(false));
    }
    await pool.query(`update containers set state = case state when 'running' then 'exited' else 'running' end where key = any($1)`, [Array.from({ length: 10 }, (_, n) => `ctr-${n + 11}`)]);
    await timed('summaries after 10 containers started or stopped', () => refresh(false));
  }
  const document = (await (await fetch(`${running.url}/api/openapi.json`)).json()) as Document;
  const rows: Row[] = [];
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (get === undefined || !path.startsWith('/api/v1/') || !values.only.split(',').some((part) => path.includes(part))) continue;
    const why = apart.find(([pattern]) => pattern.test(path))?.[1];
    rows.push(why === undefined ? await measure(ada, path, get.parameters ?? []) : { path, calls: 0, p95: 0, best: 0, worst: '', note: why });
  }
  rows.sort((a, b) => b.p95 - a.p95);
  process.stdout.write(`${'route'.padEnd(60)} calls   p95 ms  p95 of best ms  slowest\n`);
  for (const row of rows) process.stdout.write(`${row.path.padEnd(60)} ${String(row.calls).padStart(5)} ${row.p95.toFixed(0).padStart(8)} ${row.best.toFixed(0).padStart(15)}  ${row.note ?? row.worst}\n`);
  const slow = rows.filter((row) => row.p95 > limit);
  process.stdout.write(slow.length === 0 ? `all ${rows.length} routes within ${limit} ms (p95)\n` : `${slow.length} of ${rows.length} routes above ${limit} ms (p95)\n`);
  if (values.check === true && (slow.length > 0 || rows.some((row) => row.failed === true))) process.exitCode = 1;
} finally {
  await running.stop();
  place.remove();
}

type Row = { path: string; calls: number; p95: number; best: number; worst: string; note?: string; failed?: boolean };

async function measure(ada: Person, path: string, parameters: readonly Parameter[]): Promise<Row> {
  const times: number[] = [];
  const best: { query: string; ms: number }[] = [];
  for (const where of await places(ada, path)) {
    for (const query of await variants(ada, where, parameters)) {
      let least = Infinity;
      for (let turn = 0; turn < repeat; turn += 1) {
        const started = performance.now();
        const { status, body } = await ada.call('GET', `${where}${query}`);
        const ms = performance.now() - started;
        if (status !== 200) {
          if (status === 404) return { path, calls: times.length, p95: 0, best: 0, worst: '', note: `nothing to show (404 for ${where})` };
          return { path, calls: times.length, p95: 0, best: 0, worst: '', note: `FAILED ${status} ${where}${query}: ${JSON.stringify(body).slice(0, 200)}`, failed: true };
        }
        times.push(ms);
        least = Math.min(least, ms);
      }
      best.push({ query, ms: least });
    }
  }
  best.sort((a, b) => b.ms - a.ms);
  if (values.each === true) for (const { query, ms } of best) process.stdout.write(`${ms.toFixed(0).padStart(6)} ms  ${path} ${decodeURIComponent(query)}\n`);
  return { path, calls: times.length, p95: quantile(times), best: quantile(best.map((one) => one.ms)), worst: decodeURIComponent(best[0]?.query ?? '').slice(0, 60) };
}

function quantile(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.max(0, Math.ceil(times.length * 0.95) - 1)] ?? 0;
}

/** The path with its parameter filled: three things of the list before it, or a known one. */
async function places(ada: Person, path: string): Promise<string[]> {
  const bare = path.replace('/api/v1', '');
  const at = bare.indexOf('/{');
  if (at === -1) return [bare];
  const list = await ada.call('GET', bare.slice(0, at));
  const items = Array.isArray(list.body['items']) ? (list.body['items'] as Record<string, unknown>[]) : [];
  const known = ids.find(([pattern]) => pattern.test(bare))?.[1] ?? 'none';
  const filled = (item: Record<string, unknown>): string => bare.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent([item[name], item['id'], known].find((value) => typeof value === 'string') ?? 'none'));
  return items.length > 0 ? items.slice(0, 3).map(filled) : [filled({})];
}

async function variants(ada: Person, where: string, parameters: readonly Parameter[]): Promise<string[]> {
  // What a list cannot do without goes with every call.
  const needed = parameters.filter(({ in: place, required }) => place === 'query' && required === true).flatMap(({ name, schema }) => (typeof schema.enum?.[0] === 'string' ? [[name, schema.enum[0]]] : []));
  const always = new URLSearchParams(needed).toString();
  const queries = [always === '' ? '' : `?${always}`];
  for (const { name, in: place, schema } of parameters) {
    if (place !== 'query' || name === 'cursor' || name === 'limit') continue;
    const listed = [...(schema.enum ?? []), ...(schema.anyOf ?? []).flatMap((one) => one.enum ?? [])].filter((value) => typeof value === 'string');
    // A switch is described as text that reads as a boolean.
    const choices = listed.length > 0 ? listed : schema.type === 'boolean' ? ['true', 'false'] : schema.type === 'integer' || schema.type === 'number' ? [] : (texts[name] ?? (schema.type === 'string' && /^(fixable|kev|waived|running|present|watched|exposed|privileged|removed|open|ended)$/.test(name) ? ['true', 'false'] : []));
    for (const value of choices) queries.push(`?${new URLSearchParams([...needed.filter(([other]) => other !== name), [name, value]]).toString()}`);
  }
  const first: Answer = (await ada.call('GET', where)).body;
  const next: unknown = first['next'];
  if (typeof next === 'string') queries.push(`?cursor=${encodeURIComponent(next)}`);
  return queries;
}

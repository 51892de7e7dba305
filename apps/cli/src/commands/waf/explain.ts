import { parseArgs } from 'node:util';
import { severityName } from '@palisade/app-waf/inspection/event';
import { siteRules } from '@palisade/app-waf/inspection/site';
import { judge, pointsByCategory } from '@palisade/app-waf/record/judge';
import type { JudgedRequest, Judgement } from '@palisade/app-waf/record/judge';
import { baseSettings } from '@palisade/app-waf/serve/settings';
import { messageOf } from '@palisade/model/error';
import { fromUtf8, toUtf8 } from '@palisade/waf/bytes';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { readInput } from '../../read-input.ts';
import { loadAnyRuleFiles } from './rule-files.ts';
import { readRawRequest, readRecordings } from './request-file.ts';
import { whole } from './whole.ts';

export const explainUsage = `palisade waf explain --rules GLOB [--rules GLOB]... [--paranoia 1..4] [--client ADDRESS] [--format text|json] FILE
  palisade waf explain --rules GLOB [--rules GLOB]... [-X METHOD] [-H 'NAME: VALUE']... [-d DATA] URL
  FILE: a request as HTTP/1 bytes, or requests recorded by waf serve --record`;

type Explained = { readonly request: JudgedRequest; readonly judgement: Judgement } | { readonly refusal: { readonly status: number; readonly code: string; readonly reason: string } };

/** Says which rules hit a request, in which variable, on which bytes, and what they add up to. Exit 0 when it would pass, 1 when it would be stopped. */
export async function explain(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args);
  const [place, ...more] = positionals;
  if (place === undefined || more.length > 0 || values.rules === undefined) throw new UsageError(`waf explain needs --rules and one request\n${explainUsage}`);
  const format = values.format ?? 'text';
  if (format !== 'text' && format !== 'json') throw new UsageError(`--format ${format}: text or json`);
  const ruleSet = await loadAnyRuleFiles(values.rules, io.cwd, baseSettings(whole('--paranoia', values.paranoia ?? '1', 1, 4)), (line) => io.err(`palisade waf: ${line}`));
  const rules = siteRules(ruleSet);
  const client = values.client ?? '127.0.0.1';
  const requests: Explained[] = [];
  const explained = (request: JudgedRequest): Explained => ({ request, judgement: judge(rules, request) });
  if (/^https?:\/\//.test(place)) requests.push(explained(ofParts(place, values.request, values.header ?? [], values.data, client)));
  else {
    const bytes = readInput(place, io.cwd);
    if (bytes[0] === 0x7b) for (const request of readRecordings(bytes.toString('utf8'), place)) requests.push(explained(request));
    else {
      const raw = await readRawRequest(bytes, client, ruleSet.settings.requestBodyLimit);
      requests.push('request' in raw ? explained(raw.request) : raw);
    }
  }
  for (const one of requests) io.out(format === 'json' ? `${JSON.stringify(asJson(one))}\n` : asText(one));
  return requests.some((one) => 'refusal' in one || one.judgement.stopped !== undefined) ? 1 : 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args], strict: true, allowPositionals: true,
      options: {
        rules: { type: 'string', multiple: true }, paranoia: { type: 'string' }, client: { type: 'string' }, format: { type: 'string' },
        request: { type: 'string', short: 'X' }, header: { type: 'string', short: 'H', multiple: true }, data: { type: 'string', short: 'd' },
      },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n${explainUsage}`);
  }
}

/** As curl would send it. */
function ofParts(url: string, method: string | undefined, given: readonly string[], data: string | undefined, client: string): JudgedRequest {
  const found = /^https?:\/\/([^/?#]+)([^#]*)/.exec(url)!;
  const headers = given.map((text) => {
    const colon = text.indexOf(':');
    if (colon < 1) throw new UsageError(`-H ${text}: NAME: VALUE`);
    return { name: text.slice(0, colon), value: fromUtf8(text.slice(colon + 1).trim()) };
  });
  const has = (name: string): boolean => headers.some((one) => one.name.toLowerCase() === name);
  const body = fromUtf8(data ?? '');
  const added = [
    ...(has('host') ? [] : [{ name: 'Host', value: fromUtf8(found[1]!) }]), ...(has('user-agent') ? [] : [{ name: 'User-Agent', value: 'curl/8.0' }]), ...(has('accept') ? [] : [{ name: 'Accept', value: '*/*' }]),
    ...(data === undefined || has('content-type') ? [] : [{ name: 'Content-Type', value: 'application/x-www-form-urlencoded' }]), ...(data === undefined || has('content-length') ? [] : [{ name: 'Content-Length', value: String(body.length) }]),
  ];
  const target = fromUtf8(found[2] ?? '');
  return { client, method: method ?? (data === undefined ? 'GET' : 'POST'), target: target.startsWith('/') ? target : `/${target}`, version: '1.1', headers: [...added, ...headers], body, time: Date.now() };
}

function asJson(one: Explained) {
  if ('refusal' in one) return { verdict: 'refused', refusal: one.refusal };
  const { request, judgement: { matches, gaps, stopped, score } } = one;
  return {
    method: request.method, target: toUtf8(request.target), verdict: stopped === undefined ? 'passed' : 'blocked', stopped, score, points: Object.fromEntries(pointsByCategory(matches)), gaps,
    matches: matches.map(({ rule, msg, tags, severity, variable, value, offset, bytes }) => ({ rule, msg: toUtf8(msg), severity: severityName(severity), tags, variable: toUtf8(variable), value: toUtf8(value), offset, length: bytes.length, bytes: toUtf8(bytes) })),
  };
}

/** Bytes around what was found, with it between marks. */
function marked(value: string, offset: number, length: number): string {
  const from = Math.max(0, offset - 40);
  const to = Math.min(value.length, offset + length + 40);
  const shown = (text: string): string => toUtf8(text).replace(/[\0-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const hit = value.slice(offset, offset + length);
  return `${from > 0 ? '…' : ''}${shown(value.slice(from, offset))}»${shown(hit.length > 200 ? `${hit.slice(0, 200)}…` : hit)}«${shown(value.slice(offset + length, to))}${to < value.length ? '…' : ''}`;
}

function asText(one: Explained): string {
  if ('refusal' in one) return `refused before any rule: ${one.refusal.status} ${one.refusal.code}: ${one.refusal.reason}\n`;
  const { request, judgement: { matches, gaps, stopped, score } } = one;
  const lines = [`${request.method} ${toUtf8(request.target).slice(0, 200)}`];
  for (const { rule, msg, severity, variable, value, offset, bytes } of matches) {
    lines.push(`  ${rule} ${severityName(severity) || '-'}: ${toUtf8(msg)}`);
    if (variable !== '') lines.push(`    ${toUtf8(variable)}, bytes ${offset} to ${offset + bytes.length}: ${marked(value, offset, bytes.length)}`);
  }
  for (const { kind, subject, reason } of gaps) lines.push(`  GAP ${kind} ${subject}: ${reason}`);
  const points = [...pointsByCategory(matches)].map(([name, count]) => `${name} ${count}`).join(', ');
  if (score !== undefined || points !== '') lines.push(`  score ${score ?? 'none'}${points === '' ? '' : ` (${points})`}`);
  lines.push(stopped === undefined ? '  passes' : `  blocked with ${stopped.status} by rule ${stopped.rule}: ${toUtf8(stopped.log)}`);
  return `${lines.join('\n')}\n`;
}

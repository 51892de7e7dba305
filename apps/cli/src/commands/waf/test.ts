import { globSync, statSync } from 'node:fs';
import path from 'node:path';
import { fromUtf8, toUtf8 } from '@palisade/waf/bytes';
import { memoryStore } from '@palisade/waf/engine/store';
import type { RuleSet } from '@palisade/waf/load';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import type { Input, Output } from './ftw-case.ts';
import { applyOverrides, readCases, readOverrides } from './ftw-case.ts';
import { requestOf } from './ftw-request.ts';
import { loadRuleFiles } from './rule-files.ts';
import { suiteSettings } from './suite-settings.ts';

type Options = { rules: string[]; overrides: string[]; min: number; cases: string[] };

function optionsOf(args: readonly string[]): Options {
  const options: Options = { rules: [], overrides: [], min: 1, cases: [] };
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!;
    if (word === '--rules' || word === '--overrides' || word === '--min') {
      at += 1;
      const value = args[at];
      if (value === undefined) throw new UsageError(`${word} needs a value`);
      if (word === '--min') options.min = Number(value);
      else options[word.slice(2) as 'rules' | 'overrides'].push(value);
    } else if (word.startsWith('--')) throw new UsageError(`unknown option ${word}`);
    else options.cases.push(word);
  }
  if (options.rules.length === 0 || options.cases.length === 0 || !Number.isInteger(options.min)) throw new UsageError('waf test needs --rules GLOB and CASES');
  return options;
}

type Found = { readonly ids: number[]; readonly log: string; readonly status: number };

/** What a plain server in front of the tests' echo server answers, with the ids that were logged. */
function send(ruleSet: RuleSet, input: Input): Found {
  const request = requestOf(input);
  if (request === undefined) return { ids: [], log: '', status: 400 };
  const tx = beginTransaction(ruleSet, { connection: { clientAddress: '127.0.0.1', clientPort: 12_345, serverAddress: '127.0.0.1', serverPort: 80 }, id: '1', now: Date.now, store: memoryStore() });
  tx.requestLine(request.method, request.uri, request.version);
  tx.requestHeaders(request.headers);
  tx.requestBody(request.body);
  let status = 200;
  let body = '';
  let headers = [{ name: 'Content-Type', value: 'text/plain' }];
  if (/^\/reflect\b/.test(request.uri)) {
    try {
      const wanted = JSON.parse(toUtf8(request.body)) as { status?: number; headers?: Record<string, string>; body?: string; encodedBody?: string };
      status = wanted.status ?? 200;
      const own = Object.entries(wanted.headers ?? {}).map(([name, value]) => ({ name, value }));
      headers = own.some(({ name }) => name.toLowerCase() === 'content-type') ? own : [...own, ...headers];
      body = wanted.encodedBody === undefined ? fromUtf8(wanted.body ?? '') : Buffer.from(wanted.encodedBody, 'base64').toString('latin1');
    } catch {
      status = 400; // the echo server refuses what it can't read
    }
  }
  tx.responseHeaders(status, '1.1', headers);
  tx.responseBody(body);
  tx.logging();
  const logged = tx.matches.filter((match) => match.log);
  const log = logged.map((match) => `[id "${match.rule}"] [msg "${match.msg}"] [data "${match.data}"] ${match.tags.map((tag) => `[tag "${tag}"]`).join(' ')}`.replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)).join('\n');
  return { ids: logged.map((match) => match.rule), log, status };
}

function problemsOf(output: Output, found: Found): string[] {
  const problems: string[] = [];
  const { log } = output;
  for (const id of log?.expect_ids ?? []) if (!found.ids.includes(id)) problems.push(`expected ${id}`);
  for (const id of log?.no_expect_ids ?? []) if (found.ids.includes(id)) problems.push(`did not expect ${id}`);
  const has = (pattern: string): boolean => found.log.includes(pattern) || new RegExp(pattern).test(found.log);
  for (const pattern of [output.log_contains, log?.match_regex]) if (pattern !== undefined && !has(pattern)) problems.push(`expected ${pattern}`);
  for (const pattern of [output.no_log_contains, log?.no_match_regex]) if (pattern !== undefined && has(pattern)) problems.push(`did not expect ${pattern}`);
  return problems;
}

/** Runs regression cases against rules; lists failures and closes with the counts. Exit 1 on a failure or too few cases. */
export function test(args: readonly string[], io: Io): number {
  const options = optionsOf(args);
  const ruleSet = loadRuleFiles(options.rules, io.cwd, suiteSettings, (line) => io.err(line));
  const overrides = options.overrides.flatMap((file) => readOverrides(path.resolve(io.cwd, file)));
  const files = options.cases.flatMap((name) => {
    const full = path.resolve(io.cwd, name);
    const folder = statSync(full, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const found = folder ? globSync(path.join(full, '**/*.{yaml,yml}')).filter((file) => !file.endsWith('-overrides.yaml')) : globSync(full);
    if (found.length === 0) throw new UsageError(`no test case matches ${name}`);
    return found.sort();
  });
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    for (const entry of readCases(file)) {
      applyOverrides(entry, overrides);
      const problems = entry.stages.flatMap(({ input, output }) => {
        const found = send(ruleSet, input);
        return problemsOf(output, found).map((problem) => `${problem}; found ${found.ids.join(' ') || 'none'}`);
      });
      if (problems.length === 0) passed += 1;
      else {
        failed += 1;
        io.out(`FAIL ${entry.title}: ${problems.join(' | ')}\n`);
      }
    }
  }
  io.out(`${passed} passed, ${failed} failed\n`);
  if (passed + failed < options.min) io.err(`only ${passed + failed} cases ran, ${options.min} were asked for\n`);
  return failed === 0 && passed >= options.min ? 0 : 1;
}

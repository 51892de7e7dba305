import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export type Answer = { status?: number; headers?: Record<string, unknown>; body?: string; encoded_body?: string };
export type Input = {
  dest_addr?: string; port?: number | string; protocol?: string; method?: string; uri?: string; uris?: string[]; version?: string | number; headers?: Record<string, unknown>; ordered_headers?: { name: string; value: unknown }[];
  data?: string | string[]; encoded_data?: string; encoded_request?: string; raw_request?: string; stop_magic?: boolean; autocomplete_headers?: boolean; save_cookie?: boolean; follow_redirect?: boolean; response?: Answer;
};
export type Output = {
  status?: number | number[]; response_contains?: string; html_contains?: string; log_contains?: string; no_log_contains?: string; expect_error?: boolean; retry_once?: boolean; isolated?: boolean;
  log?: { expect_ids?: number[]; no_expect_ids?: number[]; match_regex?: string; no_match_regex?: string };
};
export type Stage = { readonly input: Input; output: Output };
/** One test. `form` says which tool's habits build its bytes: the older one joins lines of data and writes forms its own way. */
export type Case = { readonly title: string; readonly rule: number; readonly id: number; readonly form: 'ftw' | 'go-ftw'; readonly stages: Stage[] };

type Override = { readonly rule_id: number; readonly test_ids?: readonly number[]; readonly stage_ids?: readonly number[]; readonly retry_once?: boolean; readonly output?: Output };
/** A list of expectations for one platform. `engine` and `platform` name what the list was written for, lower case. */
export type Overrides = { readonly engine: string; readonly platform: string; readonly entries: readonly Override[] };

type Written = { test_title?: string | number; test_id?: number; stages?: ({ stage: Stage } | Stage)[] };
type Document = { rule_id?: number; tests?: Written[] };

const inputWords = new Set(['description', 'dest_addr', 'port', 'protocol', 'method', 'uri', 'uris', 'version', 'headers', 'ordered_headers', 'data', 'encoded_data', 'encoded_request', 'raw_request', 'stop_magic', 'autocomplete_headers', 'save_cookie', 'follow_redirect', 'response', 'virtual_host_mode']);
const outputWords = new Set(['status', 'response_contains', 'html_contains', 'log_contains', 'no_log_contains', 'expect_error', 'retry_once', 'isolated', 'log']);
const logWords = new Set(['expect_ids', 'no_expect_ids', 'match_regex', 'no_match_regex']);

function onlyKnown(where: string, value: object | undefined | null, known: ReadonlySet<string>): void {
  // An expectation that is not understood would pass unseen.
  for (const word of Object.keys(value ?? {})) if (!known.has(word)) throw new Error(`${where}: unknown word "${word}"`);
}

function stageOf(where: string, written: { stage: Stage } | Stage): Stage {
  const { input, output } = 'stage' in written ? written.stage : written;
  onlyKnown(`${where} input`, input, inputWords);
  onlyKnown(`${where} output`, output, outputWords);
  onlyKnown(`${where} output.log`, output?.log, logWords);
  return { input: input ?? {}, output: output ?? {} };
}

/** Reads a regression file in the old or the go-ftw form. Throws an Error naming the file and what is wrong in it. */
export function readCases(file: string): Case[] {
  const document = parse(readFileSync(file, 'utf8'), { uniqueKeys: false }) as Document | null;
  if (!Array.isArray(document?.tests)) throw new Error(`${file}: no tests`);
  const rule = document.rule_id ?? Number(/^\d+/.exec(path.basename(file))?.[0] ?? 0);
  return document.tests.map((test, at) => {
    const title = test.test_title === undefined ? `${rule}-${test.test_id ?? at + 1}` : String(test.test_title);
    if (!Array.isArray(test.stages) || test.stages.length === 0) throw new Error(`${file}: test ${title} has no stages`);
    return {
      title, rule, id: test.test_id ?? Number(/\d+$/.exec(title)?.[0] ?? at + 1), form: test.test_title === undefined ? 'go-ftw' : 'ftw',
      stages: test.stages.map((stage) => stageOf(`${file}: test ${title}`, stage)),
    };
  });
}

/** Reads an override list. Throws an Error naming the file and what is wrong in it. */
export function readOverrides(file: string): Overrides {
  const document = parse(readFileSync(file, 'utf8')) as { meta?: { engine?: string; platform?: string }; test_overrides?: Override[] } | null;
  if (!Array.isArray(document?.test_overrides)) throw new Error(`${file}: no test_overrides`);
  for (const { rule_id: rule, output } of document.test_overrides) {
    if (!Number.isInteger(rule)) throw new Error(`${file}: an override without a rule_id`);
    onlyKnown(`${file}: ${rule} output`, output, outputWords);
    onlyKnown(`${file}: ${rule} output.log`, output?.log, logWords);
  }
  return { engine: (document.meta?.engine ?? '').toLowerCase(), platform: (document.meta?.platform ?? '').toLowerCase(), entries: document.test_overrides };
}

/** What an override expects replaces what the test expects, as the format says. Stages count from 0. */
export function applyOverrides(test: Case, lists: readonly Overrides[]): void {
  for (const { entries } of lists) {
    for (const override of entries) {
      if (override.rule_id !== test.rule || override.test_ids?.includes(test.id) === false) continue;
      for (const [at, stage] of test.stages.entries()) {
        if (override.stage_ids?.includes(at) === false) continue;
        if (override.output !== undefined) stage.output = { ...override.output };
        if (override.retry_once !== undefined) stage.output = { ...stage.output, retry_once: override.retry_once };
      }
    }
  }
}

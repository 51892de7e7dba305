import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export type Input = { method?: string; uri?: string; version?: string; headers?: Record<string, unknown>; data?: string | string[]; encoded_request?: string; raw_request?: string; stop_magic?: boolean; autocomplete_headers?: boolean };
export type Output = { status?: number | number[]; log_contains?: string; no_log_contains?: string; expect_error?: boolean; log?: { expect_ids?: number[]; no_expect_ids?: number[]; match_regex?: string; no_match_regex?: string } };
export type Case = { readonly title: string; readonly rule: number; readonly id: number; stages: { input: Input; output: Output }[] };
export type Override = { readonly rule_id: number; readonly test_ids: readonly number[]; readonly output: Output };

type Document = { rule_id?: number; tests: { test_title?: string | number; test_id?: number; stages: ({ stage: { input: Input; output: Output } } | { input: Input; output: Output })[] }[] };

/** Reads a regression file in the old or the go-ftw form. */
export function readCases(file: string): Case[] {
  const document = parse(readFileSync(file, 'utf8'), { uniqueKeys: false }) as Document | null;
  if (!Array.isArray(document?.tests)) throw new Error(`${file}: no tests`);
  const rule = document.rule_id ?? Number(/^\d+/.exec(path.basename(file))?.[0] ?? 0);
  return document.tests.map((test) => {
    const title = test.test_title === undefined ? `${rule}-${test.test_id}` : String(test.test_title);
    return { title, rule, id: test.test_id ?? Number(/\d+$/.exec(title)?.[0] ?? 0), stages: test.stages.map((stage) => ('stage' in stage ? stage.stage : stage)) };
  });
}

export function readOverrides(file: string): Override[] {
  return (parse(readFileSync(file, 'utf8')) as { test_overrides: Override[] }).test_overrides;
}

/** An override's fields replace those of the test. */
export function applyOverrides(test: Case, overrides: readonly Override[]): void {
  for (const override of overrides) {
    if (override.rule_id !== test.rule || !override.test_ids.includes(test.id)) continue;
    for (const stage of test.stages) stage.output = { ...stage.output, ...override.output };
  }
}

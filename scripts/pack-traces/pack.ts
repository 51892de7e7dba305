import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { FieldContext } from '@palisade/syscall-rules/fields/field';
import type { Rule } from '@palisade/syscall-rules/rule';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { createReplay } from '@palisade/syscall-rules/trace/replay';
import type { CompiledWindow } from '@palisade/syscall-rules/windowed/load';
import { isWindowedFile, loadWindowed } from '@palisade/syscall-rules/windowed/load';

export type PackRule = {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly windowed: boolean;
  /** Event types that matter to it, those of its other conditions included. */
  readonly types: ReadonlySet<number>;
  fires(trace: readonly string[]): boolean;
};

export type Loaded = { readonly rules: readonly Rule[]; readonly windows: readonly CompiledWindow[]; readonly context: FieldContext; readonly all: readonly PackRule[] };

/** The rule files of a folder, each rule with a question of its own. Throws when one does not load. */
export function loadPack(folder: string): Loaded {
  const files = readdirSync(folder).filter((name) => /^(?!.*\.(?:en|zh-CN)\.yaml$).*\.yaml$/.test(name)).sort().map((name) => ({ name, content: readFileSync(path.join(folder, name), 'utf8') }));
  const context: FieldContext = { source: { origin: 0n, hostname: 'node' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
  const set = loadRules(files.filter(({ content }) => !isWindowedFile(content)), context);
  const { windows, problems } = loadWindowed(files.filter(({ content }) => isWindowedFile(content)), set, context);
  const [problem] = [...set.problems, ...problems].filter(({ severity }) => severity === 'error');
  if (problem !== undefined) throw new Error(`${problem.file}:${problem.line}: ${problem.message}`);
  const fires = (rules: readonly Rule[], counted: readonly CompiledWindow[]) => (trace: readonly string[]): boolean => {
    let fired = false;
    const replay = createReplay({ file: 'trace', load: () => ({ rules, windows: counted, context }), onMatch: () => void (fired = true), onWindow: () => void (fired = true) });
    for (const line of trace) replay.line(line);
    return fired;
  };
  return {
    rules: set.rules,
    windows,
    context,
    all: [
      ...set.rules.map((rule): PackRule => ({ id: rule.id, name: rule.name, file: rule.file, windowed: false, types: new Set(rule.eventTypes), fires: fires([rule], []) })),
      ...windows.map((rule): PackRule => ({ id: rule.id, name: rule.name, file: rule.file, windowed: true, types: new Set([rule, rule.after, rule.unless].flatMap((one) => one?.eventTypes ?? [])), fires: fires([], [rule]) })),
    ],
  };
}

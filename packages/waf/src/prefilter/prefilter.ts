import { lowerAscii } from '../bytes.ts';
import type { Rule } from '../seclang/rule.ts';
import type { Automaton } from './automaton.ts';
import { buildAutomaton } from './automaton.ts';

/** Rules that may be passed over when none of their literals occurs in what they look at. */
export type Prefilter = { readonly automaton: Automaton; readonly groups: number };

/** Variables whose values change while a phase runs: rules on them are always evaluated. */
const moving = new Set(['TX', 'MATCHED_VAR', 'MATCHED_VAR_NAME', 'MATCHED_VARS', 'MATCHED_VARS_NAMES', 'GLOBAL', 'IP', 'RESOURCE', 'SESSION', 'USER', 'RULE', 'ENV', 'DURATION', 'HIGHEST_SEVERITY', 'GEO']);

/** Builds the prefilter over the first rule of every chain and notes in each rule where it stands. */
export function buildPrefilter(rules: readonly Rule[]): Prefilter {
  let owners = 0;
  const groups = new Map<string, number>();
  const sources = new Map<string, number>();
  const entries: { owner: number; literals: readonly string[] }[] = [];
  for (const rule of rules) {
    const literals = rule.operator?.matcher?.needs?.map(lowerAscii);
    if (literals === undefined || literals.length === 0 || literals.includes('') || rule.operator!.negated || rule.multiMatch) continue;
    if (rule.targets.some((target) => target.count || moving.has(target.variable))) continue;
    const variables = JSON.stringify(rule.targets.map(({ variable, selector, exclude }) => [variable, selector ?? null, exclude]));
    const source = sources.get(variables) ?? sources.size;
    sources.set(variables, source);
    const key = `${variables} ${rule.transformations.map(({ name }) => name).join()}`;
    const group = groups.get(key) ?? groups.size;
    groups.set(key, group);
    rule.filter = { owner: owners, group, source };
    entries.push({ owner: owners, literals });
    owners += 1;
  }
  return { automaton: buildAutomaton(entries, owners), groups: groups.size };
}

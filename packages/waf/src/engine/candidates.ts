import type { Rule } from '../seclang/rule.ts';
import type { Named, Transaction } from './transaction.ts';
import { valuesOf } from './values.ts';

/** What one phase of one transaction has learned; nothing outlives the phase. */
export type Candidates = { readonly groups: (Uint32Array | undefined)[]; readonly scans: Map<string, Uint32Array>; readonly values: (readonly Named[] | undefined)[] };

/**
 * False only when the rule cannot match: none of its necessary literals occurs in any value it looks at. What was
 * learned serves other rules on the same variables, so one rule's run-time exclusions are left out of it.
 */
export function mayMatch(tx: Transaction, rule: Rule, known: Candidates): boolean {
  const { prefilter } = tx.rules;
  if (rule.filter === undefined) return true;
  const { owner, group, source } = rule.filter;
  let bits = known.groups[group];
  if (bits === undefined) {
    bits = new Uint32Array(prefilter.automaton.words);
    known.values[source] ??= valuesOf(tx, rule, true);
    for (const { value } of known.values[source]) {
      let text = value;
      for (const { apply } of rule.transformations) text = apply(text, tx.rules.unicodeMap);
      let found = known.scans.get(text);
      if (found === undefined) {
        found = prefilter.automaton.scan(text);
        known.scans.set(text, found);
      }
      for (let word = 0; word < bits.length; word += 1) bits[word]! |= found[word]!;
    }
    known.groups[group] = bits;
  }
  return (bits[owner >> 5]! & (1 << (owner & 31))) !== 0;
}

import type { Macro } from '../engine/macro.ts';
import type { TxValue } from '../engine/transaction.ts';
import type { Rule, SetVar } from '../seclang/rule.ts';

/**
 * What is sure of the TX variables at one place of the rules, whatever the request: their values, or that a variable isn't
 * there. `unknown` names those that requests decide, `prefixes` begins the names of more of them.
 */
export type Constants = { readonly known: ReadonlyMap<string, TxValue>; readonly unknown: ReadonlySet<string>; readonly prefixes: readonly string[] };

export const nothingSet: Constants = { known: new Map(), unknown: new Set(), prefixes: [] };

/** The variable, undefined where there surely is none, 'unknown' where that depends on the request. */
export function constantOf({ known, unknown, prefixes }: Constants, key: string): TxValue | undefined | 'unknown' {
  const value = known.get(key);
  if (value !== undefined) return value;
  return unknown.has(key) || prefixes.some((prefix) => key.startsWith(prefix)) ? 'unknown' : undefined;
}

export const isSure = (constants: Constants, key: string): boolean => constantOf(constants, key) !== 'unknown';

/** Whether a text with macros is the same for every request. */
export function isConstantText(constants: Constants, { parts }: Macro): boolean {
  return parts.every((part) => typeof part === 'string' || (part.variable === 'TX' && part.folded !== undefined && part.pattern === undefined && isSure(constants, part.folded)));
}

/** Whether an assignment does the same for every request. */
export function isConstantChange(constants: Constants, { collection, key, value }: SetVar): boolean {
  return collection === 'TX' && key.fixed && isSure(constants, key.folded) && isConstantText(constants, value);
}

function forget(constants: Constants, keys: readonly string[], prefixes: readonly string[]): Constants {
  const covered = (key: string): boolean => keys.includes(key) || prefixes.some((prefix) => key.startsWith(prefix));
  const known = new Map([...constants.known].filter(([key]) => !covered(key)));
  return { known, unknown: new Set([...constants.unknown, ...keys]), prefixes: [...new Set([...constants.prefixes, ...prefixes])] };
}

const digits = Array.from({ length: 10 }, (_, index) => String(index));

/** What is still sure after a rule that a request may or may not match, in part or as a whole chain. */
export function afterAny(constants: Constants, rule: Rule): Constants {
  const keys: string[] = [];
  const prefixes: string[] = [];
  for (let link: Rule | undefined = rule; link !== undefined; link = link.next) {
    if (link.capture) keys.push(...digits);
    for (const { collection, key } of link.setvars) {
      if (collection !== 'TX') continue;
      const [first] = key.parts;
      if (key.fixed) keys.push(key.folded);
      else prefixes.push(typeof first === 'string' ? first.toLowerCase() : '');
    }
  }
  return keys.length + prefixes.length === 0 ? constants : forget(constants, keys, prefixes);
}

/** What is sure where two ways through the rules meet. */
export function meet(one: Constants | undefined, other: Constants): Constants {
  if (one === undefined || one === other) return other;
  const differing: string[] = [];
  for (const key of new Set([...one.known.keys(), ...other.known.keys()])) {
    const [a, b] = [one.known.get(key), other.known.get(key)];
    if (a?.key !== b?.key || a?.value !== b?.value) differing.push(key);
  }
  const known = new Map([...one.known].filter(([key]) => !differing.includes(key)));
  return { known, unknown: new Set([...one.unknown, ...other.unknown, ...differing]), prefixes: [...new Set([...one.prefixes, ...other.prefixes])] };
}

import { lowerAscii } from '../bytes.ts';
import type { Macro } from './macro.ts';
import type { Rule } from '../seclang/rule.ts';
import type { Target } from '../seclang/targets.ts';
import { collections } from './collections.ts';
import { scalars } from './scalars.ts';
import type { Named, Transaction } from './transaction.ts';

export function selects(target: Target, name: string): boolean {
  if (target.key !== undefined) return lowerAscii(name) === target.key;
  return target.pattern === undefined || target.pattern.test(name);
}

/** A bare XML target is the document itself, well-formed or not; with a path, what the path finds. */
export function xmlValues(tx: Transaction, target: Target): readonly string[] {
  if (target.xpath !== undefined) return tx.xml === undefined ? [] : target.xpath(tx.xml);
  return tx.processor === 'XML' && tx.requestBody !== '' ? [tx.requestBody] : [];
}

/** The values of one target, exclusions not looked at. */
export function raw(tx: Transaction, rule: Rule, target: Target): Named[] {
  const { variable } = target;
  if (variable === 'XML') {
    return xmlValues(tx, target).map((value) => ({ name: target.selector === undefined ? 'XML' : `XML:${target.selector}`, value }));
  }
  const list = collections[variable];
  if (list === undefined) {
    const value = scalars[variable]!(tx);
    return value === undefined ? [] : [{ name: variable, value }];
  }
  if (variable === 'TX' && target.key !== undefined) {
    const entry = tx.tx.get(target.key);
    return entry === undefined ? [] : [{ name: `TX:${entry.key}`, value: entry.value }];
  }
  const found: Named[] = [];
  for (const { name, value } of list(tx, rule)) if (selects(target, name)) found.push({ name: `${variable}:${name}`, value });
  return found;
}

/** Whether an exclusion covers a value found by another target, its key in the collection being `key`. */
export function excludes(exclusion: Target, variable: string, key: string): boolean {
  if (exclusion.variable !== variable) return false;
  if (exclusion.selector === undefined) return true;
  return selects(exclusion, key);
}

/** The values a rule looks at, in order, exclusions taken away. */
export function valuesOf(tx: Transaction, rule: Rule): Named[] {
  const exclusions = rule.targets.filter((target) => target.exclude);
  for (const removal of tx.removedTargets) if (removal.applies(rule)) exclusions.push(...removal.targets);
  const found: Named[] = [];
  for (const target of rule.targets) {
    if (target.exclude) continue;
    let values = raw(tx, rule, target);
    if (exclusions.length > 0) values = values.filter(({ name }) => !exclusions.some((exclusion) => excludes(exclusion, target.variable, name.slice(target.variable.length + 1))));
    if (target.count) found.push({ name: target.selector === undefined ? target.variable : `${target.variable}:${target.selector}`, value: String(values.length) });
    else found.push(...values);
  }
  return found;
}

/** Text of a macro in this transaction; what does not exist is empty. */
export function expand(tx: Transaction, rule: Rule, macro: Macro): string {
  if (macro.fixed) return macro.text;
  let text = '';
  for (const part of macro.parts) {
    if (typeof part === 'string') text += part;
    else if (collections[part.variable] === undefined) text += scalars[part.variable]?.(tx) ?? '';
    else if (part.variable === 'TX' && part.folded !== undefined && part.pattern === undefined) text += tx.tx.get(part.folded)?.value ?? '';
    else if (part.key !== undefined) text += raw(tx, rule, { variable: part.variable, count: false, exclude: false, selector: part.key, ...(part.pattern === undefined ? { key: lowerAscii(part.key) } : { pattern: part.pattern }) })[0]?.value ?? '';
  }
  return text;
}

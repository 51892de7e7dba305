import type { Rule } from '../seclang/rule.ts';
import type { Origin } from '../body/multipart-places.ts';
import type { Target } from '../seclang/targets.ts';
import { printable, step } from './trace.ts';
import type { Transaction } from './transaction.ts';
import { expand } from './values.ts';

const targetText = ({ exclude, count, variable, selector }: Target): string => `${exclude ? '!' : ''}${count ? '&' : ''}${variable}${selector === undefined ? '' : `:${selector}`}`;

/** A value of a persistent collection with the record and the application it belongs to. */
export function storedName(tx: Transaction, name: string): string {
  const found = /^(GLOBAL|IP|RESOURCE|SESSION|USER):(.*)$/s.exec(name);
  if (found === null) return name;
  const key = found[1] === 'GLOBAL' ? '' : (tx.persistent.get(found[1]!)?.key ?? '');
  return `${found[1]}:${key}::${tx.settings.webAppId}::${found[2]}`;
}

export function ruleStep(tx: Transaction, rule: Rule): void {
  if (tx.options.trace === undefined) return;
  const { operator } = rule;
  if (tx.xml !== undefined && rule.targets.some(({ variable }) => variable === 'XML')) for (const [prefix, href] of rule.namespaces) step(tx, `Registered XML namespace href "${href}" prefix "${prefix}"`);
  step(tx, operator === undefined ? `(Rule: ${rule.id}) Executing unconditional rule...`
    : `(Rule: ${rule.id}) Executing operator "${operator.negated ? '!' : ''}${operator.name}" with param "${operator.param}" against ${rule.targets.map(targetText).join('|')}.`);
}

/** The link of a chain that matched last, and what it matched. */
const lastMatches = new WeakMap<Transaction, { rule: Rule; name: string; value: string }>();
export const noteMatch = (tx: Transaction, rule: Rule, name: string, value: string): void => void lastMatches.set(tx, { rule, name, value });

/** What matched of a rule so far, in the short form of ModSecurity's log: offsets in the value, then in the request, then steps. */
const references = new WeakMap<Transaction, string>();
export const beginReference = (tx: Transaction): void => void references.set(tx, '');

/** `place` is what the operator pointed at, where it can; captured groups are searched for in the value by their text. */
export function noteReference(tx: Transaction, rule: Rule, origin: readonly Origin[], captured: readonly (string | undefined)[], place: Origin | undefined): void {
  let text = '';
  if (place !== undefined) {
    const whole = captured[0] ?? '';
    text += `o${place.offset},${place.length}`;
    for (const group of captured.slice(1)) if (group !== undefined) text += `o${place.offset + Math.max(whole.indexOf(group), 0)},${group.length}`;
  }
  for (const { offset, length } of origin) text += `v${offset},${length}`;
  if (rule.transformations.length > 0) text += rule.transformations.map(({ name }) => `t:${name}`).join(',');
  references.set(tx, (references.get(tx) ?? '') + text);
}

/** The line of the error log for a rule whose whole chain matched. */
export function reportStep(tx: Transaction, rule: Rule, matched: boolean): void {
  const { trace } = tx.options;
  if (trace === undefined) return;
  const entry = tx.matches.at(-1)!;
  step(tx, `Saving msg: ${entry.msg}`);
  for (const tag of entry.tags) step(tx, `Rule tag: ${tag}`);
  if (rule.disruptive !== 'pass') step(tx, 'Request was relevant to be saved.');
  step(tx, `Running action${rule.disruptive === 'pass' ? ': log' : ` ${rule.disruptive}`}`);
  const last = lastMatches.get(tx);
  const by = !matched || last === undefined ? 'Unconditional match in SecAction.'
    : `Matched "Operator \`${last.rule.operator!.name}' with parameter \`${expand(tx, last.rule, last.rule.operator!.macro!)}' against variable \`${last.name}' (Value: \`${last.value}' )`;
  const tags = entry.tags.map((tag) => ` [tag "${tag}"]`).join('');
  const denied = tx.settings.ruleEngine === 'On' && rule.disruptive !== 'pass' && rule.disruptive !== 'allow' ? `Access denied with code ${rule.status} (phase ${rule.phase})` : 'Warning';
  const line = printable(`ModSecurity: ${denied}. ${by} [file "${rule.file}"] [line "${rule.line}"] [id "${entry.rule}"] [rev "${rule.rev}"] [msg "${entry.msg}"] [data "${entry.data}"] [severity "${entry.severity ?? 0}"] [ver "${rule.ver}"] [maturity "0"] [accuracy "0"]${tags} [hostname "${tx.options.connection.serverAddress}"] [uri "${tx.uriRaw}"] [unique_id "${tx.options.id}"] [ref "${references.get(tx) ?? ''}"]`);
  if (rule.log) trace(line, 'error');
  if (rule.log && rule.auditlog) trace(line, 'audit');
}

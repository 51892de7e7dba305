import { operators } from '../operators/registry.ts';
import type { Matcher, OperatorRun } from '../operators/operator.ts';
import { detection } from '../libinjection/built-in.ts';
import type { Phase, Rule } from '../seclang/rule.ts';
import { applyEach, applyOnce } from './effects.ts';
import { checkBudget } from './budget.ts';
import { step } from './trace.ts';
import { originsOf } from './origin.ts';
import { beginReference, storedName, noteMatch, noteReference, reportStep, ruleStep } from './trace-rule.ts';
import { expand, valuesOf } from './values.ts';
import type { Named, Transaction } from './transaction.ts';

const noFiles = (): string => {
  throw new Error('a file name may not come from a request');
};

/** The operator of a rule; one whose parameter holds macros is made anew. */
export function matcherOf(tx: Transaction, rule: Rule): Matcher {
  const operator = rule.operator!;
  if (operator.matcher !== undefined) return operator.matcher;
  try {
    return operators[operator.name]!(expand(tx, rule, operator.macro!), { detection, readFile: noFiles });
  } catch (error) {
    tx.gaps.push({ kind: 'operator-parameter', subject: `rule ${rule.id}`, count: 1, reason: error instanceof Error ? error.message : String(error) });
    return () => false;
  }
}

function transformed(tx: Transaction, rule: Rule, value: string): string[] {
  let current = value;
  const steps: string[] = rule.multiMatch ? [value] : [];
  for (const { name, apply } of rule.transformations) {
    const next = apply(current, tx.rules.unicodeMap);
    if (tx.options.trace !== undefined) step(tx, ` T (0) t:${name}: "${next}"`);
    if (rule.multiMatch && next !== current) steps.push(next);
    current = next;
  }
  return rule.multiMatch ? steps : [current];
}

/** A value that matched, with the part of it that the operator pointed at. */
export type Found = Named & { readonly offset: number; readonly bytes: string };

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

/** What a matching value changes: captures, MATCHED_VAR and the rule's variables. A negative length is the whole text. */
export function accept(tx: Transaction, rule: Rule, name: string, text: string, captured: readonly (string | undefined)[], offset: number, length: number, into: Found[]): void {
  if (rule.capture) {
    for (let index = 0; index < 10; index += 1) {
      const found = captured[index];
      const key = digits[index]!;
      if (found === undefined) tx.tx.delete(key);
      else tx.tx.set(key, { key, value: found });
    }
  }
  if (tx.options.trace !== undefined) noteMatch(tx, rule, name, text);
  tx.matchedVar = { name, value: text };
  tx.matchedVars.push(tx.matchedVar);
  into.push({ name, value: text, offset, bytes: length < 0 ? text : text.slice(offset, offset + length) });
  applyEach(tx, rule);
}

/** Runs an operator over one value, every step of its transformations where the rule asks for it. */
export function matchesValue(tx: Transaction, rule: Rule, matcher: Matcher, { name, value }: Named, into: Found[], origins?: ReturnType<typeof originsOf>): boolean {
  let any = false;
  const origin = origins?.(name, value);
  const captured: (string | undefined)[] = [];
  let offset = 0;
  let length = -1;
  const run: OperatorRun = {
    found(from, size) {
      offset = from;
      length = size;
    },
    capture(index, text) {
      captured[index] = text;
    },
    negated: rule.operator!.negated,
    limitExceeded: () => void (tx.pcreLimit = true),
    geo: (fields) => void (tx.geo = fields),
    gap: (kind, reason) => void tx.gaps.push({ kind, subject: `rule ${rule.id}`, reason, count: 1 }),
  };
  if (tx.options.trace !== undefined) run.said = (line) => step(tx, line);
  if (tx.budget !== undefined) checkBudget(tx.budget);
  for (const text of transformed(tx, rule, value)) {
    captured.length = 0;
    offset = 0;
    length = -1;
    if (tx.options.trace !== undefined) step(tx, `Target value: "${text}" (Variable: ${storedName(tx, name)})`);
    if (matcher(text, run) === rule.operator!.negated) continue;
    any = true;
    if (tx.options.trace !== undefined) for (const [index, group] of captured.entries()) if (group !== undefined) step(tx, `Added ${rule.operator!.name === 'rx' ? 'regex subexpression' : `${rule.operator!.name} match`} TX.${index}: ${group}`);
    if (origin !== undefined) noteReference(tx, rule, origin, captured, length < 0 ? undefined : { offset, length });
    accept(tx, rule, name, text, captured, offset, length, into);
  }
  return any;
}

/** Runs one rule without those chained to it. */
export function evaluateOne(tx: Transaction, rule: Rule, into: Found[]): boolean {
  let matched = rule.operator === undefined;
  ruleStep(tx, rule);
  if (matched) applyEach(tx, rule);
  else {
    const matcher = matcherOf(tx, rule);
    const origins = tx.options.trace === undefined ? undefined : originsOf(tx, rule);
    for (const value of valuesOf(tx, rule)) matched = matchesValue(tx, rule, matcher, value, into, origins) || matched;
  }
  return matched;
}

export function evaluate(tx: Transaction, rule: Rule, into: Found[]): boolean {
  const matched = evaluateOne(tx, rule, into);
  step(tx, `(Rule: ${rule.id}) Rule returned ${matched ? 1 : 0}.`);
  if (!matched || (rule.chain && (rule.next === undefined || !evaluate(tx, rule.next, into)))) return false;
  applyOnce(tx, rule);
  return true;
}

const noTags: readonly string[] = [];

/** Notes the match; the last rule of a chain may carry the message. */
export function report(tx: Transaction, rule: Rule, found: readonly Found[]): void {
  let owner: Rule | undefined = rule;
  while (owner !== undefined && owner.msg === undefined) owner = owner.next;
  const from = owner ?? rule;
  const severity = rule.severity ?? from.severity;
  if (severity !== undefined && severity < tx.highestSeverity) tx.highestSeverity = severity;
  const data = rule.logdata ?? from.logdata;
  const tags = rule.tags.length === 0 ? noTags : rule.tags.map((tag) => expand(tx, rule, tag));
  const last = found.at(-1) ?? { name: '', value: '', offset: 0, bytes: '' };
  tx.matches.push({
    rule: rule.id, msg: from.msg === undefined ? '' : expand(tx, from, from.msg), data: data === undefined ? '' : expand(tx, rule, data),
    tags, severity, variable: last.name, value: last.value, offset: last.offset, bytes: last.bytes, log: rule.log,
  });
  reportStep(tx, rule, found.length > 0);
}

export function decide(tx: Transaction, rule: Rule): 'phase' | undefined {
  if (rule.disruptive === 'pass' || rule.disruptive === 'block') return undefined;
  if (tx.settings.ruleEngine !== 'On') return undefined;
  if (rule.disruptive === 'allow') {
    if (rule.allow !== 'phase') tx.allowed = rule.allow;
    return 'phase';
  }
  const url = rule.redirect === undefined ? undefined : expand(tx, rule, rule.redirect);
  const redirect = rule.disruptive === 'redirect';
  let status = rule.status; // a later link of the chain may say another
  for (let link = rule.next; link !== undefined; link = link.next) if (link.ownStatus) status = link.status;
  tx.intervention = {
    rule: rule.id, action: rule.disruptive, log: tx.matches.at(-1)?.msg ?? '',
    status: redirect && ![301, 302, 303, 306, 307, 308].includes(status) ? 302 : status, ...(url === undefined ? {} : { url }),
  };
  return 'phase';
}

/** Whether an earlier rule took this one out of the transaction; any link of a chain may carry the message. */
export function removed(tx: Transaction, rule: Rule): boolean {
  if (tx.removedIds.some((covers) => covers(rule))) return true;
  if (tx.removedTags.size > 0 && rule.tags.some((tag) => tx.removedTags.has(tag.text))) return true;
  if (tx.removedMessages.size === 0) return false;
  for (let link: Rule | undefined = rule; link !== undefined; link = link.next) if (link.msg !== undefined && tx.removedMessages.has(link.msg.text)) return true;
  return false;
}

const removal = (tx: Transaction, rule: Rule): string => tx.removedIds.some((covers) => covers(rule)) ? 'Id' : rule.tags.some((tag) => tx.removedTags.has(tag.text)) ? 'Tag' : 'Msg';

function allowSteps(tx: Transaction, phase: Phase, by: Rule): void {
  if (tx.options.trace === undefined || by.disruptive !== 'allow') return;
  step(tx, `Dropping the evaluation of upcoming rules in favor of an \`allow' action of type: ${by.allow}`);
  const list = tx.rules.phases.get(phase)!;
  for (const later of list.slice(list.indexOf(by) + 1)) if (later.kind === 'rule') for (const name of [`${later.file}:${later.line}`, later.id]) step(tx, `Skipped rule id '${name}' as request trough the utilization of an \`allow' action`);
}

/** Runs one phase in the order of the rules: the reference the planned path is compared with. */
export function runPlain(tx: Transaction, phase: Phase): void {
  if (tx.settings.ruleEngine === 'Off') {
    step(tx, 'Rule engine disabled, returning...');
    return;
  }
  if (tx.options.trace !== undefined) for (const { rule, directive } of tx.rules.taken) step(tx, `Skipped rule id '${rule}'. Removed by ${directive} directive.`);
  if (phase !== 5 && (tx.allowed === 'all' || (tx.allowed === 'request' && phase <= 2) || tx.intervention !== undefined)) return;
  let skip = 0;
  let skipTo: string | undefined;
  for (const entry of tx.rules.phases.get(phase)!) {
    if (entry.kind === 'marker') {
      if (entry.name === skipTo) skipTo = undefined;
      continue;
    }
    if (skipTo !== undefined) {
      step(tx, `Skipped rule id '${entry.id}' due to a SecMarker: ${skipTo}`);
      continue;
    }
    if (skip > 0) {
      step(tx, `Skipped rule id '${entry.id}' due to a \`skip' action.`);
      skip -= 1;
      continue;
    }
    if (removed(tx, entry)) {
      step(tx, `Skipped rule id '${entry.id}'. Skipped due to a ruleRemoveBy${removal(tx, entry)} action.`);
      step(tx, `Rule id: ${entry.id} was skipped due to a ruleRemoveBy${removal(tx, entry)} action...`);
      continue;
    }
    const found: Found[] = [];
    tx.matchedVars = [];
    if (tx.options.trace !== undefined) beginReference(tx);
    if (!evaluate(tx, entry, found)) continue;
    report(tx, entry, found);
    if ((tx.settings.ruleEngine as string) === 'Off') return;
    for (let link: Rule | undefined = entry; link !== undefined; link = link.next) {
      if (link.skip > 0) skip = link.skip;
      skipTo = link.skipAfter ?? skipTo;
    }
    if (decide(tx, entry) === 'phase') {
      allowSteps(tx, phase, entry);
      return;
    }
  }
}

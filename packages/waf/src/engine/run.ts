import { operators } from '../operators/registry.ts';
import type { Matcher, OperatorRun } from '../operators/operator.ts';
import { detection } from '../libinjection/built-in.ts';
import type { Phase, Rule } from '../seclang/rule.ts';
import type { Candidates } from './candidates.ts';
import { mayMatch } from './candidates.ts';
import { applyEach, applyOnce } from './effects.ts';
import { expand, valuesOf } from './values.ts';
import type { Named, Transaction } from './transaction.ts';

const noFiles = (): string => {
  throw new Error('a file name may not come from a request');
};

function matcherOf(tx: Transaction, rule: Rule): Matcher {
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
  for (const { apply } of rule.transformations) {
    const next = apply(current, tx.rules.unicodeMap);
    if (rule.multiMatch && next !== current) steps.push(next);
    current = next;
  }
  return rule.multiMatch ? steps : [current];
}

function matchesValue(tx: Transaction, rule: Rule, matcher: Matcher, { name, value }: Named, into: Named[]): boolean {
  let any = false;
  const captured: (string | undefined)[] = [];
  const run: OperatorRun = {
    capture(index, text) {
      captured[index] = text;
    },
    gap: (kind, reason) => void tx.gaps.push({ kind, subject: `rule ${rule.id}`, reason, count: 1 }),
  };
  for (const text of transformed(tx, rule, value)) {
    captured.length = 0;
    if (matcher(text, run) === rule.operator!.negated) continue;
    any = true;
    if (rule.capture) {
      for (let index = 0; index < 10; index += 1) {
        const found = captured[index];
        if (found === undefined) tx.tx.delete(String(index));
        else tx.tx.set(String(index), { key: String(index), value: found });
      }
    }
    tx.matchedVar = { name, value: text };
    tx.matchedVars.push(tx.matchedVar);
    into.push(tx.matchedVar);
    applyEach(tx, rule);
  }
  return any;
}

function evaluate(tx: Transaction, rule: Rule, into: Named[]): boolean {
  let matched = rule.operator === undefined;
  if (matched) applyEach(tx, rule);
  else {
    const matcher = matcherOf(tx, rule);
    for (const value of valuesOf(tx, rule)) matched = matchesValue(tx, rule, matcher, value, into) || matched;
  }
  if (!matched || (rule.chain && (rule.next === undefined || !evaluate(tx, rule.next, into)))) return false;
  applyOnce(tx, rule);
  return true;
}

/** Notes the match; the last rule of a chain may carry the message. */
function report(tx: Transaction, rule: Rule, found: readonly Named[]): void {
  let owner: Rule | undefined = rule;
  while (owner !== undefined && owner.msg === undefined) owner = owner.next;
  const from = owner ?? rule;
  const severity = rule.severity ?? from.severity;
  if (severity !== undefined && severity < tx.highestSeverity) tx.highestSeverity = severity;
  const data = rule.logdata ?? from.logdata;
  const last = found.at(-1) ?? { name: '', value: '' };
  tx.matches.push({
    rule: rule.id, msg: from.msg === undefined ? '' : expand(tx, from, from.msg), data: data === undefined ? '' : expand(tx, rule, data),
    tags: rule.tags.map((tag) => expand(tx, rule, tag)), severity, variable: last.name, value: last.value, log: rule.log,
  });
}

function decide(tx: Transaction, rule: Rule): 'phase' | undefined {
  if (rule.disruptive === 'pass' || rule.disruptive === 'block') return undefined;
  if (tx.settings.ruleEngine !== 'On') return undefined;
  if (rule.disruptive === 'allow') {
    if (rule.allow !== 'phase') tx.allowed = rule.allow;
    return 'phase';
  }
  const url = rule.redirect === undefined ? undefined : expand(tx, rule, rule.redirect);
  const redirect = rule.disruptive === 'redirect';
  tx.intervention = {
    rule: rule.id, action: rule.disruptive, log: tx.matches.at(-1)?.msg ?? '',
    status: redirect && ![301, 302, 303, 306, 307, 308].includes(rule.status) ? 302 : rule.status, ...(url === undefined ? {} : { url }),
  };
  return 'phase';
}

/** Runs one phase in the order of the rules: the reference the fast path is compared with. */
export function runPhase(tx: Transaction, phase: Phase): void {
  if (tx.settings.ruleEngine === 'Off') return;
  if (phase !== 5 && (tx.allowed === 'all' || (tx.allowed === 'request' && phase <= 2) || tx.intervention !== undefined)) return;
  let skip = 0;
  const known: Candidates = { groups: Array.from({ length: tx.rules.prefilter.groups }), scans: new Map(), values: [] };
  let skipTo: string | undefined;
  for (const entry of tx.rules.phases.get(phase)!) {
    if (entry.kind === 'marker') {
      if (entry.name === skipTo) skipTo = undefined;
      continue;
    }
    if (skipTo !== undefined) continue;
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    if (tx.removedIds.some((covers) => covers(entry)) || (tx.removedTags.size > 0 && entry.tags.some((tag) => tx.removedTags.has(tag.text)))) continue;
    if (tx.options.plain !== true && !mayMatch(tx, entry, known)) continue;
    const found: Named[] = [];
    tx.matchedVars = [];
    if (!evaluate(tx, entry, found)) continue;
    report(tx, entry, found);
    if (entry.ctls.length > 0) {
      known.groups.fill(undefined);
      known.values.length = 0;
    }
    if ((tx.settings.ruleEngine as string) === 'Off') return;
    for (let link: Rule | undefined = entry; link !== undefined; link = link.next) {
      if (link.skip > 0) skip = link.skip;
      skipTo = link.skipAfter ?? skipTo;
    }
    if (decide(tx, entry) === 'phase') return;
  }
}

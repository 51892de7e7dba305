import { leadingInteger, lowerAscii } from '../bytes.ts';
import { inRanges } from '../load.ts';
import type { Rule, SetVar } from '../seclang/rule.ts';
import { expand } from './values.ts';
import { storedFor, storedIn } from './store.ts';
import { step } from './trace.ts';
import type { Transaction } from './transaction.ts';

/** The new value of a variable. */
function changed(old: string | undefined, how: SetVar['change'], right: string): string {
  if (how === 'set') return right;
  const amount = leadingInteger(right);
  return String(leadingInteger(old ?? '') + (how === 'add' ? amount : -amount));
}

function change(tx: Transaction, rule: Rule, { collection, key, change: how, value }: SetVar): void {
  const name = expand(tx, rule, key);
  const folded = key.fixed ? key.folded : lowerAscii(name);
  const right = expand(tx, rule, value);
  if (collection === 'TX') {
    if (how === 'unset') tx.tx.delete(folded);
    else {
      const old = tx.tx.get(folded);
      tx.tx.set(folded, { key: old === undefined ? name : old.key, value: changed(old?.value, how, right) });
      if (!key.fixed) tx.madeNames = true;
    }
    if (tx.options.trace !== undefined) step(tx, `Saving variable: TX:${name} with value: ${tx.tx.get(folded)?.value ?? ''}`);
    return;
  }
  const values = how === 'unset' ? storedIn(tx, collection) : storedFor(tx, collection);
  if (values === undefined) return;
  if (how === 'unset') values.delete(folded);
  else {
    const expires = tx.options.now() + tx.settings.collectionTimeout * 1000;
    values.set(folded, { value: changed(values.get(folded)?.value, how, right), expires });
  }
  if (tx.options.trace !== undefined) step(tx, `Saving variable: ${collection}:${name} with value: ${values.get(folded)?.value ?? ''}`);
}

/** Effects of each matching value, whether or not the chain goes on. */
export function applyEach(tx: Transaction, rule: Rule): void {
  for (const setvar of rule.setvars) change(tx, rule, setvar);
}

function control(tx: Transaction, word: string, value: string): void {
  const on = lowerAscii(value) === 'on';
  switch (word) {
    case 'ruleengine':
      tx.settings.ruleEngine = on ? 'On' : lowerAscii(value) === 'off' ? 'Off' : 'DetectionOnly';
      step(tx, `Setting SecRuleEngine to ${{ On: 'Enabled', Off: 'Disabled', DetectionOnly: 'DetectionOnly' }[tx.settings.ruleEngine]} as requested by a ctl:ruleEngine action`);
      break;
    case 'auditengine':
      tx.settings.auditEngine = on ? 'On' : lowerAscii(value) === 'off' ? 'Off' : 'RelevantOnly';
      break;
    case 'auditlogparts': {
      const letters = value.replace(/^[+-]/, '');
      const kept = tx.settings.auditParts.replace(/./g, (part) => (letters.includes(part) ? '' : part));
      tx.settings.auditParts = value.startsWith('+') ? kept + letters : value.startsWith('-') ? kept : letters;
      break;
    }
    case 'requestbodyaccess':
      tx.settings.requestBodyAccess = on;
      break;
    case 'responsebodyaccess':
      tx.settings.responseBodyAccess = on;
      break;
    case 'requestbodylimit':
      tx.settings.requestBodyLimit = Number(value);
      break;
    case 'responsebodylimit':
      tx.settings.responseBodyLimit = Number(value);
      break;
    case 'requestbodyprocessor':
      tx.processor = value.toUpperCase();
      break;
    case 'ruleremovebyid':
      tx.removedIds.push(inRanges(value));
      break;
    case 'ruleremovebytag':
      tx.removedTags.add(value);
      break;
    case 'ruleremovebymsg':
      tx.removedMessages.add(value);
      break;
    case 'forcerequestbodyvariable':
      tx.forceBody = on;
      break;
    default: // log settings; the body variable is always there
  }
}

/** Effects of a rule whose whole chain matched. */
export function applyOnce(tx: Transaction, rule: Rule): void {
  for (const { collection, key } of rule.initcols) {
    const name = expand(tx, rule, key);
    tx.persistent.set(collection, { key: name, values: undefined });
  }
  for (const { word, value, targets } of rule.ctls) {
    if (targets.length > 0 && word === 'ruleremovetargetbyid') tx.removedTargets.push({ applies: inRanges(value), targets });
    else if (targets.length > 0 && word === 'ruleremovetargetbytag') tx.removedTargets.push({ applies: (candidate) => candidate.tags.some((tag) => tag.text === value), targets });
    else if (targets.length > 0) tx.removedTargets.push({ applies: (candidate) => candidate.msg?.text === value, targets });
    else control(tx, word, value);
  }
  for (const { name, value } of rule.setenvs) {
    tx.env.set(name, expand(tx, rule, value));
    step(tx, `Setting environment variable: ${name} to ${tx.env.get(name)!}`);
  }
  for (const { collection, key, seconds } of rule.expirevars) {
    const entry = storedIn(tx, collection)?.get(lowerAscii(expand(tx, rule, key)));
    if (entry !== undefined) entry.expires = tx.options.now() + leadingInteger(expand(tx, rule, seconds)) * 1000;
  }
}

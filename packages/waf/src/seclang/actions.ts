import { compileMacro } from '../engine/macro.ts';
import { persistentNames } from '../engine/variable-names.ts';
import { transformations } from '../transformations/registry.ts';
import { SecLangError } from './problem.ts';
import type { Actions, Phase } from './rule.ts';
import { parseTargets } from './targets.ts';

const phases: Readonly<Record<string, Phase>> = { '1': 1, '2': 2, '3': 3, '4': 4, '5': 5, request: 2, response: 4, logging: 5 };
const severities = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];
const ctlWords = new Set([
  'auditengine', 'auditlogparts', 'debugloglevel', 'forcerequestbodyvariable', 'parsexmlintoargs', 'requestbodyaccess', 'requestbodyprocessor', 'requestbodylimit',
  'responsebodyaccess', 'responsebodylimit', 'ruleengine', 'ruleremovebyid', 'ruleremovebymsg', 'ruleremovebytag', 'ruleremovetargetbyid', 'ruleremovetargetbymsg', 'ruleremovetargetbytag',
]);

/** Cuts "a,b:'c,d'" into words with values; quotes and their escapes are gone afterwards. */
export function splitActions(text: string): { readonly word: string; readonly value: string | undefined }[] {
  const out: { word: string; value: string | undefined }[] = [];
  let at = 0;
  while (at < text.length) {
    const start = /[\s,]*/y;
    start.lastIndex = at;
    at += start.exec(text)![0].length;
    if (at >= text.length) break;
    const word = /[A-Za-z_]+/y;
    word.lastIndex = at;
    const found = word.exec(text);
    if (found === null) throw new SecLangError(`expecting an action, got: ${text.slice(at)}`);
    at += found[0].length;
    let value: string | undefined;
    const separator = /\s*[:=]\s*/y;
    separator.lastIndex = at;
    const colon = separator.exec(text);
    if (colon !== null) {
      at += colon[0].length;
      value = '';
      let quoted = false;
      while (at < text.length && (quoted || text[at] !== ',')) {
        const char = text[at]!;
        if (char === '\\' && text[at + 1] === "'" ) {
          value += "'";
          at += 2;
          continue;
        }
        if (char === "'" && (quoted || value === '' || /[=:]$/.test(value))) quoted = !quoted;
        else value += char;
        at += 1;
      }
      if (quoted) throw new SecLangError(`a quote is not closed in the value of ${found[0]}`);
      if (!text.slice(0, at).endsWith("'")) value = value.trimEnd();
    } else {
      const after = /\s*(?:,|$)/y;
      after.lastIndex = at;
      if (after.exec(text) === null) throw new SecLangError(`expecting an action, got: ${text.slice(at)}`);
    }
    out.push({ word: found[0].toLowerCase(), value });
  }
  return out;
}

function collectionKey(value: string, word: string): { collection: string; key: string } {
  const found = /^([A-Za-z_]+)[.:]([^]*)$/.exec(value);
  const collection = found?.[1]?.toUpperCase() ?? '';
  if (found === null || (collection !== 'TX' && !persistentNames.has(collection))) throw new SecLangError(`${word}: no collection "${value}"`);
  return { collection, key: found[2]! };
}

function number(value: string | undefined, word: string): number {
  if (value === undefined || !/^\d{1,15}$/.test(value)) throw new SecLangError(`${word} needs a number, got "${value ?? ''}"`);
  return Number(value);
}

type Reader = (actions: Actions, value: string, word: string) => void;
const open = (collection: string): Reader => (actions, value) => void actions.initcols.push({ collection, key: compileMacro(value) });
const ignored: Reader = () => {};
const disruptive = (name: Actions['disruptive']): Reader => (actions) => void (actions.disruptive = name);

/** Every action under its SecLang word, lower case. */
export const actionWords: Readonly<Record<string, Reader>> = {
  accuracy: ignored, maturity: ignored, append: ignored, prepend: ignored, xmlns: (actions, value) => {
    const found = /^([A-Za-z_][\w.-]*)='?(.*?https?:\/\/.*?)'?$/.exec(value);
    if (found === null) throw new SecLangError('xmlns needs prefix=URI');
    actions.namespaces.push([found[1]!, found[2]!]);
  },
  allow: (actions, value) => {
    if (!['', 'phase', 'request'].includes(value)) throw new SecLangError(`allow knows phase and request, not "${value}"`);
    actions.disruptive = 'allow';
    actions.allow = value === '' ? 'all' : (value as 'phase' | 'request');
  },
  auditlog: (actions) => void (actions.auditlog = true),
  noauditlog: (actions) => void (actions.auditlog = false),
  block: disruptive('block'), deny: disruptive('deny'), drop: disruptive('drop'), pass: disruptive('pass'),
  redirect: (actions, value) => {
    actions.disruptive = 'redirect';
    actions.redirect = compileMacro(value);
  },
  capture: (actions) => void (actions.capture = true),
  chain: (actions) => void (actions.chain = true),
  multimatch: (actions) => void (actions.multiMatch = true),
  log: (actions) => void (actions.log = true),
  nolog: (actions) => {
    actions.log = false;
    actions.auditlog = false;
  },
  id: (actions, value) => void (actions.id = number(value, 'id')),
  phase: (actions, value) => {
    const phase = phases[value.toLowerCase()];
    if (phase === undefined) throw new SecLangError(`unknown phase "${value}"`);
    actions.phase = phase;
  },
  status: (actions, value) => {
    actions.status = number(value, 'status');
    actions.ownStatus = true;
  },
  skip: (actions, value) => void (actions.skip = number(value, 'skip')),
  skipafter: (actions, value) => void (actions.skipAfter = value),
  msg: (actions, value) => void (actions.msg = compileMacro(value)),
  logdata: (actions, value) => void (actions.logdata = compileMacro(value)),
  severity: (actions, value) => {
    const known = severities.indexOf(value.toUpperCase());
    actions.severity = known >= 0 ? known : number(value, 'severity');
    if (actions.severity > 7) throw new SecLangError(`unknown severity "${value}"`);
  },
  tag: (actions, value) => void actions.tags.push(compileMacro(value)),
  rev: (actions, value) => void (actions.rev = value),
  ver: (actions, value) => void (actions.ver = value),
  t: (actions, value) => {
    const apply = transformations[value.toLowerCase()];
    if (apply === undefined) throw new SecLangError(`unknown transformation "${value}"`);
    if (value.toLowerCase() === 'none') actions.transformations.length = 0;
    else actions.transformations.push({ name: value.toLowerCase(), apply });
  },
  setvar: (actions, value) => {
    const found = /^(!?)([^=]*)(?:=([^]*))?$/.exec(value)!;
    const { collection, key } = collectionKey(found[2]!, 'setvar');
    // A lone % behind a reference is no part of the text for ModSecurity either.
    const right = (found[3] ?? '1').replace(/\}%$/, '}');
    const change = found[1] === '!' ? 'unset' : right.startsWith('+') ? 'add' : right.startsWith('-') ? 'subtract' : 'set';
    actions.setvars.push({ collection, key: compileMacro(key), change, value: compileMacro(change === 'add' || change === 'subtract' ? right.slice(1) : right) });
  },
  expirevar: (actions, value) => {
    const found = /^([^=]*)=([^]*)$/.exec(value);
    if (found === null) throw new SecLangError('expirevar needs collection.name=seconds');
    const { collection, key } = collectionKey(found[1]!, 'expirevar');
    actions.expirevars.push({ collection, key: compileMacro(key), seconds: compileMacro(found[2]!) });
  },
  initcol: (actions, value) => {
    const found = /^([A-Za-z_]+)=([^]*)$/.exec(value);
    if (found === null || !persistentNames.has(found[1]!.toUpperCase())) throw new SecLangError(`initcol: no collection "${value}"`);
    actions.initcols.push({ collection: found[1]!.toUpperCase(), key: compileMacro(found[2]!) });
  },
  setsid: open('SESSION'), setuid: open('USER'), setrsc: open('RESOURCE'),
  setenv: (actions, value) => {
    const found = /^([^=]+)=([^]*)$/.exec(value);
    if (found === null) throw new SecLangError('setenv needs name=value');
    actions.setenvs.push({ name: found[1]!, value: compileMacro(found[2]!) });
  },
  ctl: (actions, value) => {
    const found = /^([A-Za-z]+)=([^]*)$/.exec(value);
    const word = found?.[1]?.toLowerCase() ?? '';
    if (found === null || !ctlWords.has(word)) throw new SecLangError(`unknown ctl "${value}"`);
    const [subject = '', target] = word.startsWith('ruleremovetarget') ? [found[2]!.slice(0, found[2]!.indexOf(';')), found[2]!.slice(found[2]!.indexOf(';') + 1)] : [found[2]!];
    actions.ctls.push({ word, value: subject, targets: target === undefined ? [] : parseTargets(target) });
  },
};

/** Actions as they are before a rule says anything. */
export function plainActions(): Actions {
  return {
    id: 0, phase: 2, disruptive: 'pass', allow: 'all', status: 403, ownStatus: false, chain: false, capture: false, multiMatch: false, log: true, auditlog: true, skip: 0,
    tags: [], rev: '', ver: '', setvars: [], expirevars: [], ctls: [], initcols: [], setenvs: [], transformations: [], namespaces: [],
  };
}

/** Applies a list of actions; throws a SecLangError naming the first word that is unknown or wrong. */
export function applyActions(actions: Actions, text: string): void {
  for (const { word, value } of splitActions(text)) {
    const read = Object.hasOwn(actionWords, word) ? actionWords[word] : undefined;
    if (read === undefined) throw new SecLangError(`unknown action "${word}"`);
    read(actions, value ?? '', word);
  }
}

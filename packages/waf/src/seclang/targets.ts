import { compileXpath } from '../body/xpath.ts';
import type { Element } from '../body/xml.ts';
import { lowerAscii } from '../bytes.ts';
import { translate } from '../regex/translate.ts';
import { collectionNames, scalarNames } from '../engine/variable-names.ts';
import { SecLangError } from './problem.ts';

/** One variable a rule looks at. */
export type Target = {
  readonly variable: string;
  readonly count: boolean;
  readonly exclude: boolean;
  /** As written; undefined for the whole collection. */
  readonly selector?: string;
  /** Compared with the lower-cased key. */
  readonly key?: string;
  readonly pattern?: RegExp;
  /** Namespaces that the path's prefixes stand for, as text. */
  readonly spaces?: string;
  readonly xpath?: (root: Element) => string[];
};

function split(text: string): string[] {
  const parts: string[] = [];
  let current = '';
  let mode: '' | '/' | "'" = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (mode === '/' && char === '\\') {
      current += char + (text[at + 1] ?? '');
      at += 1;
      continue;
    }
    if (mode === '' && char === '/' && (current.endsWith(':') || current.endsWith(":'")) && !/XML:$/i.test(current)) mode = '/';
    else if (mode === '/' && char === '/') mode = '';
    else if (mode === '' && char === "'") mode = "'";
    else if (mode === "'" && char === "'") mode = '';
    if (mode === '' && (char === '|' || char === ',') && !/^!?&?XML:/i.test(current)) {
      parts.push(current);
      current = '';
    } else if (mode === '' && char === '|') {
      parts.push(current);
      current = '';
    } else current += char;
  }
  parts.push(current);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Targets whose paths know the prefixes of the rule's xmlns actions. */
export function withNamespaces(targets: readonly Target[], namespaces: readonly (readonly [string, string])[]): Target[] {
  return targets.map((target) => (target.xpath === undefined ? target : { ...target, spaces: namespaces.flat().join(' '), xpath: compileXpath(target.selector!, new Map(namespaces)) }));
}

/** Parses a rule's list of variables. */
export function parseTargets(text: string): Target[] {
  return split(text).map((word) => {
    const found = /^(!?)(&?)([A-Za-z_0-9]+)(?:[:.]([^]*))?$/.exec(word);
    if (found === null) throw new SecLangError(`not a variable: ${word}`);
    const variable = found[3]!.toUpperCase();
    let selector = found[4];
    if (!scalarNames.has(variable) && !collectionNames.has(variable)) throw new SecLangError(`unknown variable ${found[3]}`);
    const base = { variable, exclude: found[1] === '!', count: found[2] === '&' };
    if (selector === undefined) return base;
    if (variable === 'XML') return { ...base, selector, xpath: compileXpath(selector) };
    if (/^'.*'$/s.test(selector)) selector = selector.slice(1, -1);
    const regex = /^\/(.*)\/$/s.exec(selector);
    if (regex !== null) return { ...base, selector, pattern: translate(regex[1]!.replaceAll('\\/', '/'), { ignoreCase: true }).regex };
    return { ...base, selector, key: lowerAscii(selector) };
  });
}

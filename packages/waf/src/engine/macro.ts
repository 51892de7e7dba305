import { lowerAscii } from '../bytes.ts';
import { translate } from '../regex/translate.ts';

/** Text with `%{VARIABLE.key}` in it, cut once at load. */
export type Macro = { readonly text: string; /** The text in lower case. */ readonly folded: string; readonly parts: readonly (string | { readonly variable: string; readonly key?: string; /** The key in lower case. */ readonly folded?: string; /** `/regex/` in place of a key. */ readonly pattern?: RegExp })[]; /** Without any reference. */ readonly fixed: boolean };

const reference = /%\{([A-Za-z_0-9]+)(?:[.:]([^}]*))?\}/g;

export function compileMacro(text: string): Macro {
  const parts: (string | { variable: string; key?: string; folded?: string; pattern?: RegExp })[] = [];
  let from = 0;
  for (const found of text.matchAll(reference)) {
    if (found.index > from) parts.push(text.slice(from, found.index));
    parts.push({ variable: found[1]!.toUpperCase(), ...(found[2] === undefined ? {} : { key: found[2], folded: lowerAscii(found[2]), ...(/^\/.+\/$/s.test(found[2]) ? { pattern: translate(found[2].slice(1, -1), { ignoreCase: true }).regex } : {}) }) });
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return { text, folded: lowerAscii(text), parts, fixed: parts.every((part) => typeof part === 'string') };
}

export const isFixed = (macro: Macro): boolean => macro.fixed;

import { compareDigits, compareText } from '../order.ts';

/** Kinds of token in the order of the grammar: `compare` relies on it. */
export const kinds = { firstNumber: 0, number: 1, letter: 2, suffix: 3, suffixNumber: 4, hash: 5, revision: 6, end: 7, leftover: 8 } as const;

export type ApkToken = { readonly kind: number; readonly text: string; readonly suffix?: number };

/** Order of the suffixes; those below zero come before the plain version. */
const suffixes: Readonly<Record<string, number>> = { alpha: -4, beta: -3, pre: -2, rc: -1, cvs: 1, svn: 2, git: 3, hg: 4, p: 5 };

/** The tokens of a version, closed by `end` or, where the grammar is left, by one `leftover`. */
export function tokensOf(text: string): ApkToken[] {
  const tokens: ApkToken[] = [];
  let kind: number = -1;
  let rest = text;
  while (rest !== '') {
    const next = nextToken(kind, rest);
    if (next === undefined) break;
    tokens.push(next.token);
    kind = next.token.kind;
    rest = rest.slice(next.length);
  }
  // A leftover after the revision or behind a dash counts only as being there; any other is ordered as text.
  const silent = kind === kinds.revision || rest.startsWith('-');
  tokens.push(rest === '' ? { kind: kinds.end, text: '' } : { kind: kinds.leftover, text: silent ? '' : rest });
  return tokens;
}

function nextToken(kind: number, rest: string): { token: ApkToken; length: number } | undefined {
  const number = /^\d+/.exec(rest)?.[0] ?? '';
  if (kind === -1) return number === '' ? undefined : { token: { kind: kinds.firstNumber, text: number }, length: number.length };
  if (number !== '') {
    return kind === kinds.suffix ? { token: { kind: kinds.suffixNumber, text: number }, length: number.length } : undefined;
  }
  const first = rest.charAt(0);
  if (first === '.' && kind <= kinds.number) {
    const digits = /^\d+/.exec(rest.slice(1))?.[0];
    return digits === undefined ? undefined : { token: { kind: kinds.number, text: digits }, length: 1 + digits.length };
  }
  if (first >= 'a' && first <= 'z' && kind <= kinds.number) return { token: { kind: kinds.letter, text: first }, length: 1 };
  if (first === '_' && kind <= kinds.suffixNumber) {
    const word = /^[a-z]*/.exec(rest.slice(1))?.[0] ?? '';
    const suffix = Object.hasOwn(suffixes, word) ? suffixes[word] : undefined;
    return suffix === undefined ? undefined : { token: { kind: kinds.suffix, text: word, suffix }, length: 1 + word.length };
  }
  if (first === '~' && kind < kinds.hash) {
    const hash = /^[0-9a-f]+/.exec(rest.slice(1))?.[0];
    return hash === undefined ? undefined : { token: { kind: kinds.hash, text: hash }, length: 1 + hash.length };
  }
  if (/^-r(?![a-z])/.test(rest) && kind < kinds.revision) {
    const digits = /^\d*/.exec(rest.slice(2))?.[0] ?? '';
    return { token: { kind: kinds.revision, text: digits }, length: 2 + digits.length };
  }
  return undefined;
}

/** Orders two tokens of the same kind. */
export function compareToken(a: ApkToken, b: ApkToken): number {
  switch (a.kind) {
    case kinds.number:
      // As in Gentoo's rules, a leading zero makes both a decimal fraction: 1.02 < 1.1.
      return a.text.startsWith('0') || b.text.startsWith('0') ? compareText(a.text, b.text) : compareDigits(a.text, b.text);
    case kinds.firstNumber:
    case kinds.suffixNumber:
    case kinds.revision:
      return compareDigits(a.text, b.text);
    case kinds.suffix:
      return (a.suffix ?? 0) - (b.suffix ?? 0);
    default:
      return compareText(a.text, b.text);
  }
}

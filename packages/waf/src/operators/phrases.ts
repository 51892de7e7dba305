import { lowerAscii } from '../bytes.ts';
import { requireText } from '../prefilter/requirement.ts';
import type { Matcher, Operator } from './operator.ts';

/** Snort's notation for bytes in a phrase: `|41 42|`. */
const bytes = (phrase: string): string => phrase.replace(/\|((?:[0-9a-fA-F]{2}\s*)+)\|/g, (_, hex: string) => Buffer.from(hex.replace(/\s/g, ''), 'hex').toString('latin1'));

/** Aho-Corasick over case-folded phrases; answers the first phrase that ends. */
function matcher(phrases: readonly string[]): Matcher {
  const next: Map<number, number>[] = [new Map()];
  const output: (string | undefined)[] = [undefined];
  for (const phrase of phrases) {
    const folded = lowerAscii(bytes(phrase));
    if (folded === '') continue;
    let state = 0;
    for (let at = 0; at < folded.length; at += 1) {
      const code = folded.charCodeAt(at);
      let to = next[state]!.get(code);
      if (to === undefined) {
        to = next.length;
        next.push(new Map());
        output.push(undefined);
        next[state]!.set(code, to);
      }
      state = to;
    }
    output[state] = folded;
  }
  const fail = new Int32Array(next.length);
  const queue = [...next[0]!.values()];
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head]!;
    for (const [code, to] of next[state]!) {
      let back = fail[state]!;
      while (back !== 0 && !next[back]!.has(code)) back = fail[back]!;
      fail[to] = next[back]!.get(code) ?? 0;
      output[to] ??= output[fail[to]];
      queue.push(to);
    }
  }
  const match: Matcher = (value, run) => {
    let state = 0;
    for (let at = 0; at < value.length; at += 1) {
      let code = value.charCodeAt(at);
      if (code >= 65 && code <= 90) code += 32;
      for (;;) {
        const to = next[state]!.get(code);
        if (to !== undefined) {
          state = to;
          break;
        }
        if (state === 0) break;
        state = fail[state]!;
      }
      const found = output[state];
      if (found !== undefined) {
        run.found(at + 1 - found.length, found.length);
        run.capture(0, value.slice(at + 1 - found.length, at + 1));
        return true;
      }
    }
    return false;
  };
  return Object.assign(match, { requires: () => requireText(phrases.map((phrase) => lowerAscii(bytes(phrase))).filter((phrase) => phrase !== '')) });
}

/** Any of the phrases, separated by blanks, in any case. */
export const pm: Operator = (param) => matcher(param.split(/\s+/));

/** pm with one phrase a line from each file; lines that start with # are comments. */
export const pmFromFile: Operator = (param, context) =>
  matcher(param.split(/\s+/).filter((name) => name !== '').flatMap((name) =>
    context.readFile(name).split(/\r?\n/).filter((line) => !line.startsWith('#')).map((line) => line.trim())));

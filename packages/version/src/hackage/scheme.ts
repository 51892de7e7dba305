import type { VersionScheme } from '../scheme.ts';
import { checkedText, unparsable } from '../scheme.ts';
import { compareDigits, compareLists } from '../order.ts';

/** Haskell's package versions: numbers between dots; the longer of two equal beginnings is newer. */
export const hackage: VersionScheme<readonly string[]> = {
  id: 'hackage',
  aliases: ['haskell', 'cabal', 'ghc'],
  parse(text) {
    const whole = checkedText('hackage', text);
    if (!/^\d+(\.\d+)*$/.test(whole)) throw unparsable('hackage', text, 'it is not numbers separated by "."');
    return whole.split('.');
  },
  compare: (a, b) => compareLists(a, b, compareDigits, () => 1),
};

import type { VersionScheme } from '../scheme.ts';
import { checkedText } from '../scheme.ts';
import { compareDigits, compareLists } from '../order.ts';

/** `rank` orders the kinds of token; `digits` is the value of a number, empty for words. */
type Token = { readonly rank: number; readonly digits: string };

// PHP's version_compare: unknown words < dev < alpha < beta < RC < numbers < pl. A word counts by its beginning, in exactly this case.
const words: readonly (readonly [string, number])[] = [['dev', 0], ['alpha', 1], ['a', 1], ['beta', 2], ['b', 2], ['RC', 3], ['rc', 3], ['pl', 5], ['p', 5]];
const numberRank = 4;

/** Composer's versions, ordered as PHP's version_compare does. */
export const packagist: VersionScheme<readonly Token[]> = {
  id: 'packagist',
  aliases: ['composer', 'php', 'drupal'],
  parse(text) {
    const whole = checkedText('packagist', text).replace(/^[vV](?=\d)/, '');
    return (whole.match(/\d+|[A-Za-z]+/g) ?? []).map(tokenOf);
  },
  // The end of a version ranks like a number, but before every number.
  compare: (a, b) => compareLists(a, b, (x, y) => x.rank - y.rank || compareDigits(x.digits, y.digits), (token) => token.rank - numberRank || 1),
};

function tokenOf(text: string): Token {
  if (/^\d/.test(text)) return { rank: numberRank, digits: text };
  return { rank: words.find(([word]) => text.startsWith(word))?.[1] ?? -1, digits: '' };
}

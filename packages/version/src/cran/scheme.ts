import type { VersionScheme } from '../scheme.ts';
import { checkedText, unparsable } from '../scheme.ts';
import { compareDigits, compareLists } from '../order.ts';

/** R's package_version: numbers between dots and dashes; the longer of two equal beginnings is newer. */
export const cran: VersionScheme<readonly string[]> = {
  id: 'cran',
  aliases: ['r', 'bioconductor'],
  parse(text) {
    const whole = checkedText('cran', text);
    if (!/^\d+([.-]\d+)*$/.test(whole)) throw unparsable('cran', text, 'it is not numbers separated by "." or "-"');
    return whole.split(/[.-]/);
  },
  compare: (a, b) => compareLists(a, b, compareDigits, () => 1),
};

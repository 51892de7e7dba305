import type { VersionScheme } from '../scheme.ts';
import { checkedText } from '../scheme.ts';
import { compareText } from '../order.ts';
import type { ApkToken } from './token.ts';
import { compareToken, tokensOf } from './token.ts';

/**
 * apk-tools' versions: NUMBER{.NUMBER}[LETTER]{_SUFFIX[NUMBER]}[~HASH][-rNUMBER]. Like `apk version -t`, a text
 * that leaves this grammar is still ordered: by what could be read of it, a leftover sorting before none.
 */
export const apk: VersionScheme<readonly ApkToken[]> = {
  id: 'apk',
  aliases: ['alpine', 'wolfi', 'chainguard'],
  parse: (text) => tokensOf(checkedText('apk', text)),
  compare(a, b) {
    for (let i = 0; ; i += 1) {
      const x = a[i];
      const y = b[i];
      if (x === undefined || y === undefined) return 0;
      if (x.kind !== y.kind) return compareKinds(x, y);
      const order = compareToken(x, y);
      if (order !== 0) return order;
    }
  },
};

/** Where two versions go on differently, a pre-release suffix is older than anything; else the earlier kind of the grammar is newer. */
function compareKinds(a: ApkToken, b: ApkToken): number {
  const early = Number(isPreRelease(b)) - Number(isPreRelease(a));
  return early !== 0 ? early : b.kind - a.kind || compareText(a.text, b.text);
}

function isPreRelease(token: ApkToken): boolean {
  return token.suffix !== undefined && token.suffix < 0;
}

import type { VersionScheme } from '../scheme.ts';
import type { SemVer } from '../semver/scheme.ts';
import { compareLists } from '../order.ts';
import { compareIdentifier, compareSemVer, parseSemVer } from '../semver/scheme.ts';

/** Dart's pub: semantic versions in which the build part counts too, after everything else (dart.dev/tools/pub/versioning). */
export const pub: VersionScheme<SemVer> = {
  id: 'pub',
  aliases: ['dart', 'flutter'],
  parse: (text) => parseSemVer('pub', text),
  compare(a, b) {
    const order = compareSemVer(a, b);
    if (order !== 0) return order;
    if (a.build === '' || b.build === '') return a.build.length - b.build.length;
    return compareLists(a.build.split('.'), b.build.split('.'), compareIdentifier, () => 1);
  },
};

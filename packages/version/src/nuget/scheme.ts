import type { VersionScheme } from '../scheme.ts';
import { checkedText, unparsable } from '../scheme.ts';
import { compareDigits, compareLists } from '../order.ts';
import { compareIdentifier } from '../semver/scheme.ts';

type NugetVersion = { readonly numbers: readonly string[]; readonly prerelease: readonly string[] };

const shape = /^[vV]?(\d+(?:\.\d+){0,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;

/** NuGet: up to four numbers, a prerelease without case, build metadata without weight (learn.microsoft.com/nuget/concepts/package-versioning). */
export const nuget: VersionScheme<NugetVersion> = {
  id: 'nuget',
  aliases: ['dotnet', '.net'],
  parse(text) {
    const match = shape.exec(checkedText('nuget', text));
    if (match === null) throw unparsable('nuget', text, 'it is not up to four numbers with an optional -prerelease and +metadata');
    return { numbers: (match[1] ?? '').split('.'), prerelease: match[2] === undefined ? [] : match[2].toLowerCase().split('.') };
  },
  compare(a, b) {
    const order = compareLists(a.numbers, b.numbers, compareDigits, (number) => compareDigits(number, '0'));
    if (order !== 0) return order;
    if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
    return compareLists(a.prerelease, b.prerelease, compareIdentifier, () => 1);
  },
};

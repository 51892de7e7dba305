import type { VersionScheme } from '../scheme.ts';
import type { SemVer } from '../semver/scheme.ts';
import { compareSemVer, parseSemVer } from '../semver/scheme.ts';

const toolchain = /^(?:go)?(\d+(?:\.\d+){0,2})(beta|rc)(\d+)$/;

/**
 * Go module versions (go.dev/ref/mod#versions): semantic versions with a leading v. Pseudo-versions order by
 * their prerelease part, "+incompatible" and "+dirty" take no part. Toolchain releases (go1.22.1, go1.21rc2) are
 * read too, since the standard library's advisories are written in them.
 */
export const go: VersionScheme<SemVer> = {
  id: 'go',
  aliases: ['golang', 'gomod'],
  parse(text) {
    const trimmed = text.trim();
    const candidate = toolchain.exec(trimmed);
    if (candidate !== null) return parseSemVer('go', `${withThreeParts(candidate[1] ?? '')}-${candidate[2]}.${candidate[3]}`);
    return parseSemVer('go', trimmed.startsWith('go') ? trimmed.slice(2) : text);
  },
  compare: compareSemVer,
};

function withThreeParts(numbers: string): string {
  const parts = numbers.split('.');
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

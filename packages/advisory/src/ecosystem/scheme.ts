import { baseOf } from './key.ts';

// Which order the versions of an ecosystem follow. Bitnami's ranges are SEMVER by its own statement.
const schemes: Readonly<Record<string, string>> = {
  Debian: 'deb',
  Ubuntu: 'deb',
  Alpine: 'apk',
  Wolfi: 'apk',
  Chainguard: 'apk',
  MinimOS: 'apk',
  Alpaquita: 'apk',
  'BellSoft Hardened Containers': 'apk',
  AlmaLinux: 'rpm',
  'Rocky Linux': 'rpm',
  'Red Hat': 'rpm',
  CentOS: 'rpm',
  'Oracle Linux': 'rpm',
  openSUSE: 'rpm',
  SUSE: 'rpm',
  openEuler: 'rpm',
  Mageia: 'rpm',
  'Photon OS': 'rpm',
  'Azure Linux': 'rpm',
  npm: 'npm',
  'crates.io': 'semver',
  Go: 'go',
  Bitnami: 'semver',
  Hex: 'semver',
  Pub: 'pub',
  SwiftURL: 'semver',
  'GitHub Actions': 'semver',
  PyPI: 'pep440',
  Maven: 'maven',
  RubyGems: 'gem',
  NuGet: 'nuget',
  Packagist: 'packagist',
  CRAN: 'cran',
  Hackage: 'hackage',
};

/** The version scheme of an ecosystem key, or undefined where none is known. */
export function schemeOf(key: string): string | undefined {
  const base = baseOf(key);
  if (base === 'Echo' || base === 'Root') {
    const inner = key.slice(base.length + 1);
    return inner === '' ? 'deb' : schemes[baseOf(inner)];
  }
  return schemes[base];
}

const sourceNamed = new Set(['Debian', 'Ubuntu', 'Alpine', 'Wolfi', 'Chainguard', 'MinimOS', 'Root', 'Echo']);
const eitherNamed = new Set(['Rocky Linux', 'openEuler', 'SUSE', 'openSUSE', 'Mageia', 'Oracle Linux', 'Azure Linux', 'Photon OS']);

/**
 * By which of a package's names the ecosystem's advisories call it: its source package (Debian, Alpine origin), the
 * installed package (Red Hat, AlmaLinux), or either.
 */
export function namingOf(key: string): 'source' | 'binary' | 'either' {
  const base = baseOf(key);
  if (sourceNamed.has(base)) return 'source';
  return eitherNamed.has(base) ? 'either' : 'binary';
}

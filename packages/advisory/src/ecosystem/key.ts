import { debianRelease } from './debian-release.ts';

// Feeds and images write the same release in several ways ("Ubuntu:22.04:LTS", "Ubuntu:22.04"). Both are
// brought to one key here, and nowhere else.

/** The one way we write an OSV ecosystem: base and, where it counts, release. */
export function ecosystemKey(ecosystem: string): string {
  const colon = ecosystem.indexOf(':');
  const base = canonicalBase(colon < 0 ? ecosystem : ecosystem.slice(0, colon));
  const rest = colon < 0 ? '' : ecosystem.slice(colon + 1);
  if (rest === '') return base;
  const release = releaseOf(base, rest);
  return release === '' ? base : `${base}:${release}`;
}

/** "Debian:12" → "Debian". */
export function baseOf(key: string): string {
  const colon = key.indexOf(':');
  return colon < 0 ? key : key.slice(0, colon);
}

// Rolling distributions whose advisories carry no release, whatever os-release says, and
// ecosystems whose suffix names a registry, not a release.
const rolling = new Set(['Wolfi', 'Chainguard', 'MinimOS', 'Echo', 'Maven', 'NuGet']);

const majorOnly = new Set(['AlmaLinux', 'Rocky Linux', 'CentOS', 'Oracle Linux']);

const bases = new Map(
  ['npm', 'PyPI', 'Go', 'Maven', 'NuGet', 'RubyGems', 'Packagist', 'crates.io', 'Hex', 'Pub', 'Debian', 'Ubuntu', 'Alpine', 'AlmaLinux', 'Rocky Linux', 'Red Hat', 'Wolfi', 'Chainguard', 'Bitnami', 'CRAN', 'Hackage', 'SwiftURL', 'ConanCenter', 'GitHub Actions', 'openSUSE', 'SUSE', 'openEuler', 'Oracle Linux', 'CentOS', 'MinimOS', 'Echo', 'Mageia', 'Photon OS', 'Azure Linux'].map(
    (name) => [name.toLowerCase(), name],
  ),
);

function canonicalBase(base: string): string {
  return bases.get(base.trim().toLowerCase()) ?? base.trim();
}

function releaseOf(base: string, rest: string): string {
  if (base === 'Echo') return /^(?:\d|$)/.test(rest) ? '' : ecosystemKey(rest);
  if (rolling.has(base)) return '';
  if (base === 'Debian') return debianRelease(rest);
  if (base === 'Ubuntu') return rest.replace(/:LTS(?=:|$)/, '');
  if (base === 'Alpine') return /^v?\d+\.\d+/.test(rest) ? `v${/\d+\.\d+/.exec(rest)?.[0] ?? rest}` : rest;
  if (majorOnly.has(base)) return /^\d+/.exec(rest)?.[0] ?? rest;
  if (base === 'Red Hat') return redHatRelease(rest);
  // Composer and Maven repositories: the name space is one, the suffix only says where the package is served.
  if (base === 'Packagist') return '';
  return rest;
}

// Red Hat's OSV names products by the tail of their CPE ("enterprise_linux:9::appstream"). An image is of the main
// product; extended-support streams (rhel_eus, rhel_aus …) have other fixed versions and keep their own key.
function redHatRelease(rest: string): string {
  const [product = '', release = ''] = rest.split(':');
  if (product === 'enterprise_linux') return /^\d+/.exec(release)?.[0] ?? release;
  if (/^\d/.test(product)) return /^\d+/.exec(product)?.[0] ?? product;
  return release === '' ? product : `${product}:${release}`;
}

/** A package's name as the ecosystem compares names. */
export function nameKey(key: string, name: string): string {
  switch (baseOf(key)) {
    case 'PyPI':
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'NuGet':
    case 'Packagist':
    case 'GitHub Actions':
    case 'Bitnami':
      return name.toLowerCase();
    default:
      return name;
  }
}

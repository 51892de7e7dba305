import type { VersionScheme } from './scheme.ts';
import { apk } from './apk/scheme.ts';
import { cran } from './cran/scheme.ts';
import { deb } from './deb/scheme.ts';
import { gem } from './gem/scheme.ts';
import { go } from './go/scheme.ts';
import { hackage } from './hackage/scheme.ts';
import { maven } from './maven/scheme.ts';
import { nuget } from './nuget/scheme.ts';
import { packagist } from './packagist/scheme.ts';
import { pep440 } from './pep440/scheme.ts';
import { pub } from './pub/scheme.ts';
import { rpm } from './rpm/scheme.ts';
import { schemeOfEcosystem } from './ecosystem.ts';
import { semver } from './semver/scheme.ts';

/** Every version scheme, one folder and one entry each. */
export const schemes: readonly VersionScheme[] = [apk, cran, deb, gem, go, hackage, maven, nuget, packagist, pep440, pub, rpm, semver];

const byName = new Map(schemes.flatMap((scheme) => [scheme.id, ...scheme.aliases].map((name) => [name, scheme] as const)));

/** The scheme of an id, alias or OSV ecosystem ("Rocky Linux:9"), in any case; undefined where none is known. */
export function findScheme(name: string): VersionScheme | undefined {
  const wanted = name.toLowerCase();
  return byName.get(wanted) ?? byName.get(schemeOfEcosystem(wanted) ?? '');
}

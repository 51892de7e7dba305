import type { Coverage } from '@palisade/model/coverage';
import type { Package } from '@palisade/model/package';
import { ecosystemKey, nameKey } from '../ecosystem/key.ts';
import { namingOf } from '../ecosystem/scheme.ts';
import type { Manifest } from '../bundle/format.ts';

/** A name under which advisories may call the package, with the version they mean. */
export type Lookup = { readonly name: string; readonly version: string };

/** Under which names a package is looked up in its ecosystem. */
export function lookupsOf(key: string, one: Package): Lookup[] {
  const own = { name: nameKey(key, one.name), version: one.version };
  const source = one.source === undefined ? own : { name: nameKey(key, one.source.name), version: one.source.version };
  const naming = namingOf(key);
  if (naming === 'source') return [source];
  if (naming === 'binary' || (source.name === own.name && source.version === own.version)) return [own];
  return [own, source];
}

/** Answers what the bundle's sources together cover of an ecosystem, for one package name. */
export function coverageOf(manifest: Manifest): (key: string, name: string) => Coverage | null {
  const byKey = new Map<string, { prefix: string; coverage: Coverage }[]>();
  for (const source of manifest.sources) {
    for (const [ecosystem, coverage] of Object.entries(source.coverage)) {
      const drupal = ecosystem.startsWith('Packagist:') && ecosystem.includes('drupal.org');
      const key = ecosystemKey(ecosystem);
      const list = byKey.get(key) ?? [];
      list.push({ prefix: drupal ? 'drupal/' : '', coverage });
      byKey.set(key, list);
    }
  }
  const known = new Map<string, Coverage | null>();
  return (key, name) => {
    const own = (byKey.get(key) ?? []).filter(({ prefix }) => name.startsWith(prefix));
    const kept = `${key} ${own.length}`;
    let coverage = known.get(kept);
    // One prefix an ecosystem at most, so how many sources are left names them.
    if (coverage === undefined) known.set(kept, (coverage = together(own.map((one) => one.coverage))));
    return coverage;
  };
}

/** One complete source is enough; else the reasons of all. */
function together(all: readonly Coverage[]): Coverage | null {
  if (all.includes('complete')) return 'complete';
  const reasons = new Set(all.map((coverage) => (coverage === 'complete' ? '' : coverage.partial)));
  return reasons.size === 0 ? null : { partial: [...reasons].sort().join('; ') };
}

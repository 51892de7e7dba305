import type { Fact } from '@palisade/image/analyzer';
import type { Package } from '@palisade/model/package';
import { liveDatabases } from './database.ts';
import type { Distribution } from './distribution.ts';
import { distributionOf, unknownDistribution } from './distribution.ts';
import { ecosystemOfType, packageName } from './ecosystem.ts';
import type { CatalogData, Found } from './found.ts';
import { ownersOf } from './ownership.ts';
import { purlOf } from './purl.ts';

/** `layers`: diff ids, bottom first; without them the order in which the facts name them. */
export type AssemblyContext = { readonly layers?: readonly string[] };

const distributionTypes = new Set(['deb', 'apk', 'rpm', 'opkg']);

/**
 * Packages of an image or root directory from what the cataloguers learned. A package found in several places is
 * one with several paths; one that only deleted files prove carries `removed`. Sorted by ecosystem, name, version.
 */
export function assemblePackages(facts: readonly Fact[], context: AssemblyContext = {}): Package[] {
  const known = (facts as readonly Fact<CatalogData & Fact['data']>[]).filter((fact) => isCatalogData(fact.data));
  const depth = layerDepths(known, context.layers ?? []);
  const ordered = [...known].sort((a, b) => (depth.get(a.layer) ?? 0) - (depth.get(b.layer) ?? 0));
  const distribution = findDistribution(ordered);
  const owners = ownersOf(ordered);
  const packages = new Map<string, Package>();

  for (const { found, path, layer, removed } of [...liveDatabases(ordered), ...singleFiles(ordered)]) {
    const own = distributionTypes.has(found.type);
    const distributed = own ? (distribution ?? unknownDistribution(found.type)) : undefined;
    const owner = own ? undefined : owners(path);
    merge(packages, {
      purl: purlOf(found, distributed),
      name: packageName(found),
      version: found.version,
      ecosystem: distributed?.ecosystem ?? ecosystemOfType(found.type),
      ...(layer === '' ? {} : { layer }),
      paths: [found.inside === undefined ? path : `${path}!${found.inside}`],
      ...(owner === undefined ? {} : { ownedBy: purlOf(owner, distribution ?? unknownDistribution(owner.type)) }),
      ...(removed === undefined ? {} : { removed }),
      ...(found.source === undefined ? {} : { source: { ...found.source } }),
      ...(found.arch === undefined ? {} : { arch: found.arch }),
      ...(found.licenses === undefined ? {} : { licenses: [...found.licenses] }),
      ...(found.dev === true ? { dev: true } : {}),
    });
  }
  return [...packages.values()].sort((a, b) => byText(a.ecosystem, b.ecosystem) || byText(a.name, b.name) || byText(a.version, b.version) || byText(a.purl, b.purl));
}

/** One package at one place. */
export type Placed = { readonly found: Found; readonly path: string; readonly layer: string; readonly removed?: string };

type CatalogFact = Fact<CatalogData & Fact['data']>;

function isCatalogData(data: unknown): boolean {
  return typeof data === 'object' && data !== null && ('packages' in data || 'owned' in data || 'osRelease' in data);
}

function layerDepths(facts: readonly CatalogFact[], layers: readonly string[]): Map<string, number> {
  const depth = new Map(layers.map((layer, index) => [layer, index]));
  for (const fact of facts) if (!depth.has(fact.layer)) depth.set(fact.layer, depth.size);
  return depth;
}

/** The os-release in force; a deleted one still beats none. `etc` is usually a link to `usr/lib`. */
function findDistribution(facts: readonly CatalogFact[]): Distribution | undefined {
  const all = facts.filter((fact) => fact.data.osRelease !== undefined);
  const live = all.filter((fact) => fact.removed === undefined);
  const chosen = live.find((fact) => fact.path.startsWith('etc/')) ?? live.at(-1) ?? all.at(-1);
  return chosen?.data.osRelease === undefined ? undefined : distributionOf(chosen.data.osRelease);
}

function* singleFiles(facts: readonly CatalogFact[]): Generator<Placed> {
  for (const fact of facts) {
    if (fact.data.database === true) continue;
    for (const found of fact.data.packages ?? []) yield { found, path: fact.path, layer: fact.layer, ...(fact.removed === undefined ? {} : { removed: fact.removed }) };
  }
}

/** Joins the places of one package. A place that still exists outweighs deleted ones; production outweighs dev. */
function merge(packages: Map<string, Package>, next: Package): void {
  const key = `${next.purl}\n${next.ownedBy ?? ''}`;
  const known = packages.get(key);
  if (known === undefined) {
    packages.set(key, next);
    return;
  }
  if (known.removed === undefined && next.removed !== undefined) return;
  if (known.removed !== undefined && next.removed === undefined) {
    packages.set(key, next);
    return;
  }
  for (const path of next.paths) if (!known.paths.includes(path)) known.paths.push(path);
  if (next.dev === undefined) delete known.dev;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

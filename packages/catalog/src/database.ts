import type { Fact } from '@palisade/image/analyzer';
import type { CatalogData, Found } from './found.ts';
import type { Placed } from './assemble.ts';

/**
 * Packages of files that list everything installed. Each layer that installs something writes the whole file
 * anew, so a package belongs to the first layer of the unbroken run of versions that hold it; one that a later
 * version no longer holds was removed by that version's layer (an upgrade leaves the old bytes in the image too).
 */
export function* liveDatabases(facts: readonly Fact<CatalogData & Fact['data']>[]): Generator<Placed> {
  const versions = new Map<string, Fact<CatalogData & Fact['data']>[]>();
  for (const fact of facts) {
    if (fact.data.database !== true) continue;
    const known = versions.get(fact.path);
    if (known === undefined) versions.set(fact.path, [fact]);
    else known.push(fact);
  }
  for (const [path, history] of versions) {
    let open = new Map<string, { found: Found; layer: string }>();
    for (const fact of history) {
      const next = new Map<string, { found: Found; layer: string }>();
      for (const found of fact.data.packages ?? []) {
        const key = `${found.name}\n${found.version}\n${found.arch ?? ''}`;
        next.set(key, { found, layer: open.get(key)?.layer ?? fact.layer });
      }
      for (const [key, { found, layer }] of open) if (!next.has(key)) yield { found, path, layer, removed: fact.layer };
      open = next;
    }
    const removed = history.at(-1)?.removed;
    for (const { found, layer } of open.values()) yield { found, path, layer, ...(removed === undefined ? {} : { removed }) };
  }
}

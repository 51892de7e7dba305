import type { Fact } from '@palisade/image/analyzer';
import type { CatalogData, Found } from './found.ts';

/** Answers the distribution package that installed a path, from the newest file lists; undefined for nobody. */
export function ownersOf(facts: readonly Fact<CatalogData & Fact['data']>[]): (path: string) => Found | undefined {
  const packages = new Map<string, Found>();
  const owners = new Map<string, string>();
  for (const fact of facts) {
    if (fact.removed !== undefined) continue;
    for (const found of fact.data.database === true ? (fact.data.packages ?? []) : []) {
      packages.set(found.name, found);
      // dpkg names the lists of packages that can be installed for several architectures "name:arch".
      if (found.arch !== undefined) packages.set(`${found.name}:${found.arch}`, found);
    }
    for (const { owner, paths } of fact.data.owned ?? []) for (const path of paths) owners.set(mergedUsr(path), owner);
  }
  return (path) => {
    const owner = owners.get(mergedUsr(path));
    return owner === undefined ? undefined : packages.get(owner);
  };
}

/** With a merged /usr the list says bin/x and the layer usr/bin/x. */
function mergedUsr(path: string): string {
  return /^(?:bin|sbin|lib|lib32|lib64|libx32)\//.test(path) ? `usr/${path}` : path;
}

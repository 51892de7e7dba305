import type { TextReader } from '../text-cataloguer.ts';
import { collector, isMapping, jsonObject, textCataloguer } from '../text-cataloguer.ts';

/** NAME.deps.json, which lies beside every .NET program: libraries of type "package" as "name/version". */
const readDeps: TextReader = (text) => {
  const libraries = jsonObject(text)['libraries'];
  const found = collector('nuget');
  for (const [key, entry] of Object.entries(isMapping(libraries) ? libraries : {})) {
    if (!isMapping(entry) || entry['type'] !== 'package') continue;
    const slash = key.lastIndexOf('/');
    found.add(slash === -1 ? '' : key.slice(0, slash), key.slice(slash + 1));
  }
  return found;
};

/** packages.lock.json: one object a target framework; projects of the solution have no version. */
const readLock: TextReader = (text) => {
  const frameworks = jsonObject(text)['dependencies'];
  const found = collector('nuget');
  const seen = new Set<string>();
  for (const entries of Object.values(isMapping(frameworks) ? frameworks : {})) {
    for (const [name, entry] of Object.entries(isMapping(entries) ? entries : {})) {
      const version = isMapping(entry) ? entry['resolved'] : undefined;
      if (isMapping(entry) && entry['type'] === 'Project') continue;
      if (seen.has(`${name}/${String(version)}`)) continue;
      seen.add(`${name}/${String(version)}`);
      found.add(name, version);
    }
  }
  return found;
};

/** NuGet packages of .NET programs and lock files. */
export const nuget = textCataloguer('nuget', 1, (name) => (name.endsWith('.deps.json') ? readDeps : name === 'packages.lock.json' ? readLock : undefined));

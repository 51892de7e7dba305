import type { TextReader } from '../text-cataloguer.ts';
import { collector, isMapping, textCataloguer } from '../text-cataloguer.ts';

/** pubspec.lock: packages by name; those of the SDK and of folders are no releases. */
const readLock: TextReader = async (text) => {
  const { parse } = await import('yaml');
  const document: unknown = parse(text, { maxAliasCount: 0, logLevel: 'error' });
  const found = collector('pub');
  if (document === null) return found;
  if (!isMapping(document)) throw new Error('not a YAML mapping');
  const packages = document['packages'];
  for (const [name, entry] of Object.entries(isMapping(packages) ? packages : {})) {
    if (!isMapping(entry)) found.bad += 1;
    else if (entry['source'] !== 'sdk' && entry['source'] !== 'path') found.add(name, entry['version'], entry['dependency'] === 'direct dev' ? { dev: true } : {});
  }
  return found;
};

/** Dart packages by pubspec.lock. */
export const pub = textCataloguer('pub', 1, (name) => (name === 'pubspec.lock' ? readLock : undefined));

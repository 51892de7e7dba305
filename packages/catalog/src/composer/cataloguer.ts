import type { Found } from '../found.ts';
import type { TextReader } from '../text-cataloguer.ts';
import { collector, isMapping, jsonObject, textCataloguer } from '../text-cataloguer.ts';

const readLock: TextReader = (text) => {
  const document = jsonObject(text);
  const found = collector('composer');
  addAll(found, document['packages'], () => false);
  addAll(found, document['packages-dev'], () => true);
  return found;
};

/** vendor/composer/installed.json: a list in Composer 1, an object with the dev names in Composer 2. */
const readInstalled: TextReader = (text) => {
  const document: unknown = JSON.parse(text);
  const found = collector('composer');
  const dev: unknown = isMapping(document) ? document['dev-package-names'] : [];
  addAll(found, isMapping(document) ? document['packages'] : document, (name) => Array.isArray(dev) && dev.includes(name));
  return found;
};

function addAll(found: ReturnType<typeof collector>, entries: unknown, isDev: (name: unknown) => boolean): void {
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isMapping(entry) || typeof entry['name'] !== 'string') {
      found.bad += 1;
      continue;
    }
    const slash = entry['name'].indexOf('/');
    const extra: Partial<Found> = { ...(slash === -1 ? {} : { namespace: entry['name'].slice(0, slash) }), ...(isDev(entry['name']) ? { dev: true } : {}) };
    found.add(entry['name'].slice(slash + 1), entry['version'], extra);
  }
}

/** PHP packages: Composer's lock file and its list of what is installed. */
export const composer = textCataloguer('composer', 1, (name, path) => {
  if (name === 'composer.lock') return readLock;
  return name === 'installed.json' && path.endsWith('composer/installed.json') ? readInstalled : undefined;
});

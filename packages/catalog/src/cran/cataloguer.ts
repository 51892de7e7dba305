import { readStanzas } from '../headers.ts';
import type { TextReader } from '../text-cataloguer.ts';
import { collector, isMapping, jsonObject, textCataloguer } from '../text-cataloguer.ts';

const readRenv: TextReader = (text) => {
  const packages = jsonObject(text)['Packages'];
  const found = collector('cran');
  for (const entry of Object.values(isMapping(packages) ? packages : {})) {
    if (!isMapping(entry)) found.bad += 1;
    else found.add(entry['Package'], entry['Version']);
  }
  return found;
};

const wanted = new Set(['package', 'version']);

/** DESCRIPTION of an installed R package. */
const readDescription: TextReader = (text) => {
  const found = collector('cran');
  readStanzas(text, wanted, (fields) => found.add(fields.get('package'), fields.get('version')));
  return found;
};

/** R packages: renv.lock and installed libraries (…/library/NAME/DESCRIPTION, site-library). */
export const cran = textCataloguer('cran', 1, (name, path) => {
  if (name === 'renv.lock') return readRenv;
  return name === 'DESCRIPTION' && /library\/[^/]+\/DESCRIPTION$/.test(path) ? readDescription : undefined;
});

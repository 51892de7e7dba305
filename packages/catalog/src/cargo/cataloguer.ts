import { parse } from 'smol-toml';
import type { TextReader } from '../text-cataloguer.ts';
import { collector, isMapping, textCataloguer } from '../text-cataloguer.ts';

/** Cargo.lock: packages with a source; those without are the work tree's own. */
const readLock: TextReader = (text) => {
  const found = collector('cargo');
  const entries = parse(text)['package'];
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isMapping(entry)) found.bad += 1;
    else if (entry['source'] !== undefined) found.add(entry['name'], entry['version']);
  }
  return found;
};

/** Rust crates by Cargo.lock. */
export const cargo = textCataloguer('cargo', 1, (name) => (name === 'Cargo.lock' ? readLock : undefined));

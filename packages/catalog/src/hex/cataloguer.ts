import type { TextReader } from '../text-cataloguer.ts';
import { collector, textCataloguer } from '../text-cataloguer.ts';

/** mix.lock: an Elixir map, one entry a line; entries by git have no version. */
const readLock: TextReader = (text) => {
  const found = collector('hex');
  for (const line of text.split('\n')) {
    if (!/^\s*"[^"]+":\s*\{\s*:hex\b/.test(line)) continue;
    const match = /\{\s*:hex,\s*:"?([\w.-]+)"?,\s*"([^"]+)"/.exec(line);
    found.add(match?.[1], match?.[2]);
  }
  return found;
};

/** Elixir and Erlang packages by mix.lock. */
export const hex = textCataloguer('hex', 1, (name) => (name === 'mix.lock' ? readLock : undefined));

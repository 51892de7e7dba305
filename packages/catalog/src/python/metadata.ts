import type { Found } from '../found.ts';
import { readStanzas } from '../headers.ts';

const wanted = new Set(['metadata-version', 'name', 'version', 'license', 'license-expression']);

/** Core metadata (METADATA, PKG-INFO): the headers before the description. Throws where name or version is missing. */
export function readMetadata(text: string): Found {
  // The body may hold anything, also lines that look like headers.
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  let found: Found | undefined;
  readStanzas(text.slice(0, end), wanted, (fields) => {
    const name = fields.get('name') ?? '';
    const version = fields.get('version') ?? '';
    if (found !== undefined || name === '' || version === '') return;
    const license = fields.get('license-expression') ?? fields.get('license') ?? '';
    found = { type: 'pypi', name, version, ...(license === '' || license.length > 100 ? {} : { licenses: [license] }) };
  });
  if (found === undefined) throw new Error('the metadata has no Name and Version');
  return found;
}

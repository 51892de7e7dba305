/**
 * Reads stanzas of `Name: value` lines with continuation lines (RFC 822 as dpkg, PyPI and others use it).
 * `wanted` holds lower-case names; only those are kept, folded values joined by newlines. Lines that are
 * neither are counted, not dropped in silence.
 */
export function readStanzas(text: string, wanted: ReadonlySet<string>, onStanza: (fields: ReadonlyMap<string, string>) => void): number {
  let fields = new Map<string, string>();
  let current = '';
  let filled = false;
  let bad = 0;
  let start = 0;
  while (start <= text.length) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    const first = text.charCodeAt(start);
    const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    if (stop === start) {
      if (filled) onStanza(fields);
      fields = new Map();
      filled = false;
      current = '';
    } else if (first === 32 || first === 9) {
      if (current !== '') fields.set(current, `${fields.get(current) ?? ''}\n${text.slice(start + 1, stop)}`);
      else if (!filled) bad += 1;
    } else {
      filled = true;
      const colon = text.indexOf(':', start);
      if (colon === -1 || colon > stop || colon === start) {
        bad += 1;
        current = '';
      } else {
        const name = text.slice(start, colon).toLowerCase();
        current = wanted.has(name) ? name : '';
        if (current !== '') fields.set(name, text.slice(colon + 1, stop).trim());
      }
    }
    start = end + 1;
  }
  if (filled) onStanza(fields);
  return bad;
}

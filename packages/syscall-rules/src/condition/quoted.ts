const simple: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', ' ': ' ', '\\': '\\', '"': '"', "'": "'", '/': '/' };

/** The text inside quotes with its escapes resolved; unknown escapes stay as written, so that `\.` reaches a regex. */
export function unescapeQuoted(inner: string): string {
  if (!inner.includes('\\')) return inner;
  return inner.replaceAll(/\\(x[0-9a-fA-F]{2}|[\s\S])/g, (whole, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return simple[code] ?? whole;
  });
}

/** A value as it stands in a list item or an exception: quotes around it are syntax, not part of it. */
export function unquoteItem(item: string): { readonly text: string; readonly quoted: boolean } {
  const first = item[0];
  if (item.length >= 2 && (first === '"' || first === "'") && item.endsWith(first)) return { text: unescapeQuoted(item.slice(1, -1)), quoted: true };
  return { text: item, quoted: false };
}

/** A value as it must be written in a condition to be read back as itself. */
export function quoteForCondition(text: string): string {
  if (/^[^()"'\s=,\\]+$/.test(text)) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')}"`;
}

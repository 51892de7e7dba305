import { fromUtf8 } from '../bytes.ts';

/** An element with its attributes and children; text is a plain string. */
export type Element = { readonly name: string; readonly attributes: readonly { readonly name: string; readonly value: string }[]; readonly children: (Element | string)[] };

const maxDepth = 256;
const maxNodes = 100_000;
const maxEntity = 1000;
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Predefined, numeric and the document's own plain entities. External ones are never loaded (XXE), and an entity that refers to others is empty (billion laughs). */
function references(text: string, entities: ReadonlyMap<string, string>): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([A-Za-z_][\w.-]*));/g, (_, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
    if (name !== undefined) return named[name] ?? entities.get(name) ?? '';
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? fromUtf8(String.fromCodePoint(code)) : '';
  });
}

const opening = /<([A-Za-z_:\x80-\xff][\w:.\x80-\xff-]*)((?:\s+[A-Za-z_:\x80-\xff][\w:.\x80-\xff-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const attribute = /([A-Za-z_:\x80-\xff][\w:.\x80-\xff-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Parses a document; a document that is not well-formed is an error, never a partial tree. */
export function parseXml(bytes: string): { readonly root: Element } | { readonly error: string } {
  const text = bytes.replace(/^\xef\xbb\xbf/, '');
  const top: Element = { name: '', attributes: [], children: [] };
  const open: Element[] = [top];
  let at = 0;
  let nodes = 0;
  const entities = new Map<string, string>();
  const failed = { error: 'XML: Failed parsing document.' };
  while (at < text.length) {
    const current = open.at(-1)!;
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      const piece = text.slice(at, end < 0 ? undefined : end);
      if (open.length > 1) current.children.push(references(piece, entities));
      else if (/[^\s]/.test(piece)) return failed;
      at = end < 0 ? text.length : end;
      continue;
    }
    const skip = (mark: string, close: string): number => (text.startsWith(mark, at) ? text.indexOf(close, at + mark.length) + close.length : 0);
    if (text.startsWith('<![CDATA[', at)) {
      const end = text.indexOf(']]>', at);
      if (end < 0 || open.length === 1) return failed;
      current.children.push(text.slice(at + 9, end));
      at = end + 3;
    } else if (text.startsWith('<!--', at) || text.startsWith('<?', at)) {
      const end = skip('<!--', '-->') || skip('<?', '?>');
      if (end < 3) return failed;
      at = end;
    } else if (text.startsWith('<!DOCTYPE', at)) {
      const found = /<!DOCTYPE\s[^[>]*(?:\[[^\]]*\]\s*)?>/y;
      found.lastIndex = at;
      const whole = found.exec(text);
      if (whole === null || top.children.length > 0) return failed;
      for (const entity of whole[0].matchAll(/<!ENTITY\s+([A-Za-z_][\w.-]*)\s+(?:"([^"]*)"|'([^']*)')\s*>/g)) {
        const value = entity[2] ?? entity[3] ?? '';
        if (value.length <= maxEntity && !entities.has(entity[1]!)) entities.set(entity[1]!, /&[A-Za-z_]/.test(value) ? '' : references(value, entities));
      }
      at += whole[0].length;
    } else if (text[at + 1] === '/') {
      const end = text.indexOf('>', at);
      if (end < 0 || open.length < 2 || text.slice(at + 2, end).trimEnd() !== current.name) return failed;
      open.pop();
      at = end + 1;
    } else {
      opening.lastIndex = at;
      const found = opening.exec(text);
      if (found === null || (open.length === 1 && top.children.length > 0)) return failed;
      nodes += 1;
      if (nodes > maxNodes || open.length > maxDepth) return { error: 'XML: document exceeds the limits of depth or size.' };
      const element: Element = {
        name: found[1]!,
        attributes: [...found[2]!.matchAll(attribute)].map((pair) => ({ name: pair[1]!, value: references(pair[2] ?? pair[3] ?? '', entities) })),
        children: [],
      };
      current.children.push(element);
      if (found[3] === '') open.push(element);
      at += found[0].length;
    }
  }
  const root = top.children[0];
  return open.length === 1 && typeof root === 'object' ? { root } : failed;
}

import { fromUtf8 } from '../bytes.ts';

/** An element with its attributes and children; text is a plain string. */
export type Element = { readonly name: string; readonly attributes: readonly { readonly name: string; readonly value: string }[]; readonly children: (Element | string)[] };

const maxDepth = 256;
const maxNodes = 100_000;
/** Bytes that all references to the document's own entities may become, and how deep these may refer to each other. */
const maxExpanded = 1 << 20;
const maxReferences = 20;
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Why a document is not read, or not to its end. */
class Unread extends Error {}
const tooMuch = 'XML: document exceeds the limits of depth or size.';

/** What entities stand for; undefined: text of another file, which is never loaded (XXE). */
type Entities = ReadonlyMap<string, string | undefined>;
type Expansion = { readonly entities: Entities; left: number };

function numeric(hex: string | undefined, decimal: string | undefined): string {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? fromUtf8(String.fromCodePoint(code)) : '';
}

const numbers = /&#(?:x([0-9a-fA-F]{1,8})|(\d{1,10}));/g;

/**
 * Predefined, numeric and the document's own entities, as an application would put them in. What can't be known (another
 * file's text, an unknown name) or doesn't end (billion laughs) makes the document unread rather than hides a part of it.
 */
function references(text: string, into: Expansion, depth = 0): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]{1,8})|#(\d{1,10})|([^\s&;#<]{1,200}));/g, (_, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
    if (name === undefined) return numeric(hex, decimal);
    const known = Object.hasOwn(named, name) ? named[name] : undefined;
    if (known !== undefined) return known;
    const own = into.entities.get(name);
    if (own === undefined) throw new Unread('XML: a reference to an entity whose text is not in the document.');
    into.left -= own.length;
    if (into.left < 0 || depth >= maxReferences) throw new Unread(tooMuch);
    return references(own, into, depth + 1);
  });
}

const name = '[A-Za-z_:\\x80-\\xff][\\w:.\\x80-\\xff-]*';
const quoted = `(?:"[^"]*"|'[^']*')`;
const documentType = new RegExp(`<!DOCTYPE\\s+${name}(?:\\s+(?:SYSTEM\\s+${quoted}|PUBLIC\\s+${quoted}\\s+${quoted}))?\\s*(\\[|>)`, 'y');
const declaration = new RegExp(`\\s+|<!--[^]*?-->|<\\?[^]*?\\?>|<!ENTITY\\s+(${name})\\s+(?:"([^"]*)"|'([^']*)'|[SP][^>'"]*(?:${quoted}[^>'"]*)+)\\s*>|<!ELEMENT\\s[^>'"%]*>|<!NOTATION\\s[^>'"]*(?:${quoted}[^>'"]*)*>`, 'y');

/**
 * Reads a document type that begins at an offset; answers where it ends. Parameter entities and defaults of attributes
 * would make another document of this one: with them it is not read.
 */
function readDocumentType(text: string, from: number, entities: Map<string, string | undefined>): number {
  documentType.lastIndex = from;
  const found = documentType.exec(text);
  if (found === null) throw new Unread('XML: Failed parsing document.');
  let at = documentType.lastIndex;
  if (found[1] === '>') return at;
  for (;;) {
    declaration.lastIndex = at;
    const one = declaration.exec(text);
    if (one === null) break;
    at = declaration.lastIndex;
    // The first declaration of a name holds.
    if (one[1] !== undefined && !entities.has(one[1])) entities.set(one[1], (one[2] ?? one[3])?.replace(numbers, (_, hex: string | undefined, decimal: string | undefined) => numeric(hex, decimal)));
  }
  const end = /\]\s*>/y;
  end.lastIndex = at;
  if (!end.test(text)) throw new Unread('XML: a document type that is malformed or has parameter entities or attributes by default.');
  return end.lastIndex;
}

const opening = /<([A-Za-z_:\x80-\xff][\w:.\x80-\xff-]*)((?:\s+[A-Za-z_:\x80-\xff][\w:.\x80-\xff-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const attribute = /([A-Za-z_:\x80-\xff][\w:.\x80-\xff-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Parses a document; a document that is not well-formed or not fully known is an error, never a partial tree. */
export function parseXml(bytes: string): { readonly root: Element } | { readonly error: string } {
  try {
    return readDocument(bytes);
  } catch (error) {
    if (!(error instanceof Unread)) throw error;
    return { error: error.message };
  }
}

function readDocument(bytes: string): { readonly root: Element } | { readonly error: string } {
  const text = bytes.replace(/^\xef\xbb\xbf/, '');
  const top: Element = { name: '', attributes: [], children: [] };
  const open: Element[] = [top];
  let at = 0;
  let nodes = 0;
  const entities = new Map<string, string | undefined>();
  const expansion: Expansion = { entities, left: maxExpanded };
  const failed = { error: 'XML: Failed parsing document.' };
  while (at < text.length) {
    const current = open.at(-1)!;
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      const piece = text.slice(at, end < 0 ? undefined : end);
      if (open.length > 1) current.children.push(references(piece, expansion));
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
      if (top.children.length > 0) return failed;
      at = readDocumentType(text, at, entities);
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
      if (nodes > maxNodes || open.length > maxDepth) return { error: tooMuch };
      const element: Element = {
        name: found[1]!,
        attributes: [...found[2]!.matchAll(attribute)].map((pair) => ({ name: pair[1]!, value: references(pair[2] ?? pair[3] ?? '', expansion) })),
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

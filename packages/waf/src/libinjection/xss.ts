const blackTags = new Set(['APPLET', 'BASE', 'COMMENT', 'EMBED', 'FRAME', 'FRAMESET', 'HANDLER', 'IFRAME', 'IMPORT', 'ISINDEX', 'LINK', 'LISTENER', 'META', 'NOSCRIPT', 'OBJECT', 'SCRIPT', 'STYLE', 'VMLFRAME', 'XML', 'XSS']);
const attributes: Readonly<Record<string, 'black' | 'url' | 'style' | 'indirect'>> = {
  ACTION: 'url', ATTRIBUTENAME: 'indirect', BY: 'url', BACKGROUND: 'url', DATAFORMATAS: 'black', DATASRC: 'black', DYNSRC: 'url', FILTER: 'style', FORMACTION: 'url',
  FOLDER: 'url', FROM: 'url', HANDLER: 'url', HREF: 'url', LOWSRC: 'url', POSTER: 'url', SRC: 'url', STYLE: 'style', TO: 'url', VALUES: 'url', 'XLINK:HREF': 'url',
};
const blank = /[\s\0]/;

function decoded(value: string): string {
  return value.replace(/&#(?:x([0-9a-f]+)|(\d+));?/gi, (whole, hex: string | undefined, decimal: string | undefined) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0x1000ff ? whole : String.fromCharCode(code & 0xff);
  });
}

const blackUrl = (value: string): boolean => {
  // Blanks and control characters in front are passed over, written as references too.
  const text = decoded(value.replace(/^[\x00-\x20\x7f-\xff]+/, '')).replace(/^[\x00-\x20]+/, '').replace(/[\0\n]/g, '').toUpperCase();
  return ['DATA', 'VIEW-SOURCE', 'VBSCRIPT', 'JAVA'].some((scheme) => text.startsWith(scheme));
};

function attributeKind(name: string): 'none' | 'black' | 'url' | 'style' | 'indirect' {
  const upper = name.replaceAll('\0', '').toUpperCase();
  if (upper.length < 2) return 'none';
  if (upper.length >= 5 && upper.startsWith('ON')) return 'black';
  if (upper.startsWith('XMLNS') || upper.startsWith('XLINK')) return upper === 'XLINK:HREF' ? 'black' : 'black';
  return attributes[upper] ?? 'none';
}

function blackTag(name: string): boolean {
  const upper = name.replaceAll('\0', '').toUpperCase();
  return upper.length >= 3 && (blackTags.has(upper) || upper.startsWith('SVG') || upper.startsWith('XSL'));
}

function blackValue(kind: ReturnType<typeof attributeKind>, value: string): boolean {
  if (kind === 'black' || kind === 'style') return true;
  if (kind === 'url') return blackUrl(value);
  return kind === 'indirect' && attributeKind(value) !== 'none';
}

/** Reads attributes from inside a tag; answers true on a dangerous one, else where the tag ends. */
function inTag(text: string, start: number): true | number {
  let at = start;
  while (at < text.length) {
    while (at < text.length && (blank.test(text[at]!) || text[at] === '/')) at += 1;
    if (at >= text.length) return at;
    if (text[at] === '>') return at + 1;
    const from = at;
    at += 1;
    while (at < text.length && !blank.test(text[at]!) && !'/=>'.includes(text[at]!)) at += 1;
    const kind = attributeKind(text.slice(from, at));
    let next = at;
    while (next < text.length && blank.test(text[next]!)) next += 1;
    if (text[next] !== '=') continue;
    next += 1;
    while (next < text.length && (blank.test(text[next]!))) next += 1;
    if (next >= text.length) return next;
    const quote = text[next]!;
    let value: string;
    if (quote === '"' || quote === "'" || quote === '`') {
      const end = text.indexOf(quote, next + 1);
      value = text.slice(next + 1, end < 0 ? undefined : end);
      at = end < 0 ? text.length : end + 1;
    } else {
      at = next;
      while (at < text.length && !blank.test(text[at]!) && text[at] !== '>') at += 1;
      value = text.slice(next, at);
    }
    if (blackValue(kind, value)) return true;
  }
  return at;
}

function inData(text: string, start: number): boolean {
  let at = start;
  for (;;) {
    at = text.indexOf('<', at);
    if (at < 0) return false;
    at += 1;
    const char = text[at];
    if (char === undefined) return false;
    if (char === '!' || char === '?' || char === '%') {
      if (/^!doctype/i.test(text.slice(at, at + 9))) return true;
      const comment = text.startsWith('!--', at);
      const close = text.startsWith('![CDATA[', at) ? ']]>' : comment ? '-->' : char === '%' ? '%>' : '>';
      let end = text.indexOf(close, at);
      if (comment) {
        const found = /-[-!\0]\0*>/.exec(text.slice(at + 3));
        end = found === null ? -1 : at + 3 + found.index;
      }
      const inner = text.slice(at + (comment ? 3 : 1), end < 0 ? undefined : end);
      if (close !== ']]>' && (inner.includes('`') || /^\[if/i.test(inner) || /^xml/i.test(inner) || /^(?:import|entity)/i.test(inner.replaceAll('\0', '')))) return true;
      if (end < 0) return false;
      at = end + close.length;
      continue;
    }
    const closing = char === '/';
    if (closing) at += 1;
    if (!/[A-Za-z\0]/.test(text[at] ?? '')) continue;
    const from = at;
    while (at < text.length && !blank.test(text[at]!.replace('\0', 'x')) && !'/>'.includes(text[at]!)) at += 1;
    if (!closing && blackTag(text.slice(from, at))) return true;
    const result = inTag(text, at);
    if (result === true) return true;
    at = result;
  }
}

/** Starts inside an attribute value of the given quoting, as a reflected parameter would. */
function inValue(text: string, quote: string): boolean {
  let at = 0;
  if (quote === '') while (at < text.length && !blank.test(text[at]!) && text[at] !== '>') at += 1;
  else {
    at = text.indexOf(quote) + 1;
    if (at === 0) return false;
  }
  const result = inTag(text, at);
  return result === true || inData(text, result);
}

/** True when the text would run script as markup or as an attribute's value. */
export function isXss(text: string): boolean {
  if (!/[<=]/.test(text)) return false;
  return inData(text, 0) || inValue(text, '') || inValue(text, "'") || inValue(text, '"') || inValue(text, '`');
}

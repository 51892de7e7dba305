import fc from 'fast-check';
import { ParseOption, XmlDocument, XmlLibError } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../test/fuzz.ts';
import { parseMultipart } from '../src/body/multipart.ts';
import type { MultipartFlag } from '../src/body/multipart.ts';
import { parseXml } from '../src/body/xml.ts';
import type { Element } from '../src/body/xml.ts';
import { compileXpath } from '../src/body/xpath.ts';
import { fromUtf8 } from '../src/bytes.ts';

// A body that an application can read must be read the same here, or be an error, which is an event. The applications'
// side: the multipart reader of fetch (undici), and libxml2 with entities and defaults put in.

/** Flags that rules see as MULTIPART_STRICT_ERROR. */
const strict: readonly MultipartFlag[] = ['BOUNDARY_QUOTED', 'BOUNDARY_WHITESPACE', 'DATA_BEFORE', 'DATA_AFTER', 'HEADER_FOLDING', 'LF_LINE', 'MISSING_SEMICOLON', 'INVALID_QUOTING', 'INVALID_PART', 'INVALID_HEADER_FOLDING', 'FILE_LIMIT_EXCEEDED'];

const utf8 = (bytes: Buffer): string => bytes.toString('utf8');

/** Names are escaped as browsers do it; the rules see them as they came. */
const fieldName = (name: string): string => utf8(Buffer.from(name, 'latin1')).replace(/%(22|0D|0A)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

async function fetched(type: string, body: string): Promise<{ name: string; value: string; filename: string | undefined }[] | undefined> {
  try {
    const form = await new Response(Buffer.from(body, 'latin1'), { headers: { 'content-type': type } }).formData();
    return await Promise.all([...form].map(async ([name, value]) => ({ name, value: typeof value === 'string' ? value : utf8(Buffer.from(await value.arrayBuffer())), filename: typeof value === 'string' ? undefined : value.name })));
  } catch {
    return undefined;
  }
}

describe('multipart', () => {
  it('hides nothing from the rules that an application reads', async () => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('--b\r\n', '--b\r\n', '--b--\r\n', '\r\n', '\r\n', 'Content-Disposition: form-data; name="a"\r\n', 'Content-Disposition: form-data; name="f"; filename="x.php"\r\n', 'Content-Disposition: form-data; name="f"; filename=""\r\n', 'Content-Type: text/plain\r\n', 'evil\r\n') },
      { weight: 2, arbitrary: fc.constantFrom('\n', '\r', '--b', '--b\n', '--b--', '--bb\r\n', ' --b\r\n', 'content-disposition:form-data;name=a\r\n', 'Content-Disposition: form-data; name="a\\"b"\r\n', 'Content-Disposition: form-data; name="a%22b"\r\n', "Content-Disposition: form-data; name='a'\r\n", "Content-Disposition: form-data; name=\"f\"; filename*=UTF-8''x%20y\r\n", 'Content-Disposition: form-data; name="a"; name="b"\r\n', 'Content-Disposition: form-data; filename="n"; name="a";\r\n', 'Content-Disposition: attachment; name="a"\r\n', 'Content-Transfer-Encoding: base64\r\n', ' folded\r\n', '\0', '\xff', 'é\r\n', '----\r\n') },
      { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
    );
    const type = fc.oneof({ weight: 8, arbitrary: fc.constant('multipart/form-data; boundary=b') }, { weight: 1, arbitrary: fc.constantFrom('multipart/form-data; boundary="b"', 'Multipart/Form-Data; charset=utf-8; boundary=b', 'multipart/form-data; boundary=b; boundary=c', 'multipart/form-data;boundary=bb', 'multipart/form-data; Boundary=b', 'multipart/form-data; x="boundary=c"; boundary=b', 'multipart/form-data; boundary= b', 'multipart/form-data boundary=b') });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(type, fc.array(piece, { maxLength: 16 }), fc.boolean(), async (contentType, pieces, framed) => {
        const body = framed ? `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${pieces.join('')}\r\n--b--\r\n` : pieces.join('');
        const ours = parseMultipart(contentType, body);
        const theirs = await fetched(contentType, body);
        if (theirs === undefined || ours.error !== undefined || strict.some((flag) => ours.flags.has(flag)) || ours.unmatched > 0) return;
        compared += 1;
        for (const { name, value, filename } of theirs) {
          expect(ours.parts.map((part) => [fieldName(part.name), utf8(Buffer.from(part.value, 'latin1')), part.filename === undefined])).toContainEqual([name, value, filename === undefined]);
        }
      }),
      fuzz(1500),
    );
    expect(compared).toBeGreaterThan(40);
  });

  it('passes no limit in silence', () => {
    const part = (name: string): string => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nx\r\n`;
    const file = `--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nx\r\n`;
    expect(parseMultipart('multipart/form-data; boundary=b', `${part('a').repeat(10_001)}--b--\r\n`).error).toBe('Multipart: too many parts.');
    expect(parseMultipart('multipart/form-data; boundary=b', `${file.repeat(101)}--b--\r\n`).error).toBe('Multipart: Upload file limit exceeded.');
  });
});

const everything = (ParseOption.XML_PARSE_NOENT | ParseOption.XML_PARSE_DTDATTR | ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE) as ParseOption;

/** Texts of all elements and values of all attributes, as libxml2 reads them; undefined when it refuses the document. */
function libxml2(bytes: string): { text: string; attributes: string[] } | undefined {
  let document: XmlDocument;
  try {
    document = XmlDocument.fromBuffer(Buffer.from(bytes, 'latin1'), { option: everything });
  } catch (error) {
    if (error instanceof XmlLibError) return undefined;
    throw error;
  }
  const found = { text: fromUtf8(document.root.content), attributes: document.root.find('//@*').map(({ content }) => fromUtf8(content)) };
  document.dispose();
  return found;
}

const squeezed = (text: string): string => text.replace(/[\s]+/g, '');

describe('XML', () => {
  const attributesOf = compileXpath('//@*');
  const textsOf = (element: Element): string => element.children.map((child) => (typeof child === 'string' ? child : textsOf(child))).join('');
  const compare = (bytes: string): boolean => {
    const ours = parseXml(bytes);
    const theirs = libxml2(bytes);
    if (theirs === undefined || 'error' in ours) return false;
    const text = squeezed(textsOf(ours.root));
    // Entities that hold markup are text here and elements there: their bytes are seen either way.
    const bare = squeezed(theirs.text);
    if (!text.includes('<')) expect(text).toContain(bare);
    const attributes = attributesOf(ours.root).map(squeezed);
    for (const value of theirs.attributes) expect(attributes.includes(squeezed(value)) || text.includes(squeezed(value)) ? '' : value).toBe('');
    return true;
  };

  it('hides no text and no attribute from the rules that libxml2 reads', () => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('<a>', '</a>', '<b>', '</b>', '<b/>', '<a x="1">', "<a y='&lt;2'>", 'evil', ' ', '\n', '&amp;', '&#x65;', '&#118;', '&e;', '&f;') },
      { weight: 2, arbitrary: fc.constantFrom('<![CDATA[', ']]>', '<!--', '-->', '<?p ?>', '<?xml version="1.0"?>', '<a\tx = "1"\n>', '<a x="1" x="2">', '<x:a xmlns:x="u">', '</x:a>', '</a >', '<é>', '&', '<', '>', '"', '&#0;', '&nope;', '\xef\xbb\xbf', '\xff', '\0') },
      { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
    );
    const declaration = fc.constantFrom('<!ENTITY e "evil">', "<!ENTITY e 'ev'>", '<!ENTITY f "&e;il">', '<!ENTITY f "&#38;e;">', '<!ENTITY e SYSTEM "file:///etc/passwd">', '<!ENTITY % p "<!ENTITY e \'evil\'>">', '%p;', '<!ATTLIST a x CDATA "evil">', '<!ATTLIST b y CDATA #IMPLIED>', '<!ELEMENT a ANY>', '<!-- ] -->', '<?p ]?>', `<!ENTITY e "${'long '.repeat(300)}evil">`, '<!ENTITY e "]">', '<!ENTITY e "<b>evil</b>">', '<!ENTITY e "&f;">', '\n');
    const prolog = fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 3, arbitrary: fc.array(declaration, { maxLength: 4 }).map((parts) => `<!DOCTYPE a [${parts.join('')}]>`) }, { weight: 1, arbitrary: fc.constantFrom('<!DOCTYPE a>', '<!DOCTYPE a SYSTEM "x">', '<!DOCTYPE a PUBLIC "p" "x>">', '<!doctype a>') });
    let compared = 0;
    fc.assert(
      fc.property(prolog, fc.array(piece, { maxLength: 9 }), fc.boolean(), (head, pieces, framed) => {
        const inside = pieces.join('');
        if (compare(Buffer.from(`${head}${framed ? `<a>${inside}</a>` : inside}`, 'latin1').toString('latin1'))) compared += 1;
      }),
      fuzz(3000),
    );
    expect(compared).toBeGreaterThan(200);
  });

  it.each([
    ['an entity made of others', '<!DOCTYPE a [<!ENTITY e "ev"><!ENTITY f "&e;il">]><a>&f;</a>', 'evil'],
    ['a long entity', `<!DOCTYPE a [<!ENTITY e "${'x'.repeat(5000)}evil">]><a>&e;</a>`, `${'x'.repeat(5000)}evil`],
  ])('reads %s', (_, bytes, text) => {
    const read = parseXml(bytes);
    expect('root' in read && textsOf(read.root)).toBe(text);
  });

  it.each([
    ['an entity of another file', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'],
    ['an entity nobody declared', '<a>&e;</a>'],
    ['attributes by default', '<!DOCTYPE a [<!ATTLIST a x CDATA "evil">]><a/>'],
    ['an entity of itself', '<!DOCTYPE a [<!ENTITY e "&f;"><!ENTITY f "&e;">]><a>&e;</a>'],
    ['a billion laughs', `<!DOCTYPE a [<!ENTITY e0 "ha">${Array.from({ length: 30 }, (_, at) => `<!ENTITY e${at + 1} "&e${at};&e${at};">`).join('')}]><a>&e30;</a>`],
    ['entities by the thousand', `<!DOCTYPE a [<!ENTITY e "${'x'.repeat(60_000)}">]><a>${'&e;'.repeat(1000)}</a>`],
    ['depth', `${'<a>'.repeat(300)}${'</a>'.repeat(300)}`],
    ['elements', `<a>${'<b/>'.repeat(100_001)}</a>`],
  ])('is an error, which is an event: %s', (_, bytes) => {
    expect(parseXml(bytes)).toHaveProperty('error');
  });
});

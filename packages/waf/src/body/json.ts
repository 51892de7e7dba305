import { isUtf8 } from 'node:buffer';
import { hexDigit } from '../bytes.ts';
import type { Parameter } from './urlencoded.ts';

type Limits = { readonly depth: number; readonly leaves: number };

const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;

/** Reads JSON as RFC 8259 has it, bytes in, bytes out. Throws SyntaxError. */
class Reader {
  readonly parameters: Parameter[] = [];
  private readonly text: string;
  private readonly limits: Limits;
  private at = 0;

  constructor(text: string, limits: Limits) {
    this.text = text;
    this.limits = limits;
  }

  all(): void {
    this.value('json', 0);
    this.blank();
    if (this.at < this.text.length) this.unexpected();
  }

  private value(path: string, depth: number): void {
    if (depth > this.limits.depth) throw new SyntaxError('nesting deeper than the limit');
    this.blank();
    switch (this.text[this.at]) {
      case '{': return this.object(path, depth);
      case '[': return this.array(path, depth);
      case '"': return this.leaf(path, this.string());
      case 't': return this.word(path, 'true', 'true');
      case 'f': return this.word(path, 'false', 'false');
      case 'n': return this.word(path, 'null', '');
      default: return this.leaf(path, this.number());
    }
  }

  // A name that comes twice is two arguments: which of them the application takes nobody here knows.
  private object(path: string, depth: number): void {
    this.at += 1;
    this.blank();
    if (this.taken('}')) return;
    do {
      this.blank();
      if (this.text[this.at] !== '"') this.unexpected();
      const name = this.string();
      this.blank();
      if (!this.taken(':')) this.unexpected();
      this.value(`${path}.${name}`, depth + 1);
      this.blank();
    } while (this.taken(','));
    if (!this.taken('}')) this.unexpected();
  }

  private array(path: string, depth: number): void {
    this.at += 1;
    this.blank();
    if (this.taken(']')) return;
    let index = 0;
    do {
      this.value(`${path}.array_${index}`, depth + 1);
      index += 1;
      this.blank();
    } while (this.taken(','));
    if (!this.taken(']')) this.unexpected();
  }

  private leaf(name: string, value: string): void {
    if (this.parameters.length >= this.limits.leaves) throw new SyntaxError('more arguments than the limit');
    this.parameters.push({ name, value });
  }

  private word(path: string, word: string, value: string): void {
    if (!this.text.startsWith(word, this.at)) this.unexpected();
    this.at += word.length;
    this.leaf(path, value);
  }

  /** As written: an application may keep digits that a double would lose. */
  private number(): string {
    number.lastIndex = this.at;
    const found = number.exec(this.text)?.[0];
    if (found === undefined) return this.unexpected();
    this.at += found.length;
    return found;
  }

  private string(): string {
    const { text } = this;
    let value = '';
    let from = this.at + 1;
    for (let at = from; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        this.at = at + 1;
        return value === '' ? text.slice(from, at) : value + text.slice(from, at);
      }
      if (code < 0x20) {
        this.at = at;
        this.unexpected();
      }
      if (code !== 0x5c) continue;
      this.at = at + 1;
      value += text.slice(from, at) + this.escaped();
      from = this.at;
      at = from - 1;
    }
    this.at = text.length;
    return this.unexpected();
  }

  private escaped(): string {
    const letter = this.text[this.at] ?? '';
    this.at += 1;
    if (letter !== 'u') return escapes[letter] ?? this.unexpected(-1);
    let unit = this.unit();
    if (unit >= 0xd800 && unit < 0xdc00 && this.text.startsWith('\\u', this.at)) {
      const back = this.at;
      this.at += 2;
      const low = this.unit();
      if (low >= 0xdc00 && low < 0xe000) unit = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
      else this.at = back;
    }
    // Half a pair has no bytes of its own: U+FFFD stands for it.
    return unit < 0x80 ? String.fromCharCode(unit) : Buffer.from(String.fromCodePoint(unit), 'utf8').toString('latin1');
  }

  private unit(): number {
    let unit = 0;
    for (let count = 0; count < 4; count += 1) {
      const digit = hexDigit(this.text.charCodeAt(this.at));
      if (digit < 0) this.unexpected();
      unit = unit * 16 + digit;
      this.at += 1;
    }
    return unit;
  }

  private blank(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  private taken(letter: string): boolean {
    if (this.text[this.at] !== letter) return false;
    this.at += 1;
    return true;
  }

  private unexpected(offset = 0): never {
    const at = this.at + offset;
    throw new SyntaxError(at >= this.text.length ? 'the text ends too early' : `unexpected byte 0x${this.text.charCodeAt(at).toString(16).padStart(2, '0')} at ${at}`);
  }
}

/**
 * Each leaf as `json.path.to.leaf`, array elements as `array_N`, in the order of the text; names that come twice are two
 * leaves, numbers stay as written. With an error, the leaves before it.
 */
export function parseJson(bytes: string, limits: Limits): { readonly parameters: Parameter[]; readonly error?: string } {
  if (!isUtf8(Buffer.from(bytes, 'latin1'))) return { parameters: [], error: 'JSON parsing error: bytes that are not UTF-8' };
  const reader = new Reader(bytes, limits);
  try {
    reader.all();
    return { parameters: reader.parameters };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { parameters: reader.parameters, error: `JSON parsing error: ${error.message}` };
  }
}

import { complement, setOf, union } from '../regex/byte-sets.ts';

/**
 * What a transformation can do to a text that holds no byte of `upset`: bytes it may bring in, literals that can only be
 * in its result when they were in the text, and how long a text must be for a result of some length. A transformation
 * that isn't listed may do anything. Upper and lower case are one. The unit test runs each over such texts.
 */
export type StepEffect = { readonly upset: Uint8Array; readonly brings: Uint8Array; keeps(literal: string): boolean };

const bytes = (text: string): Uint8Array => setOf(...Buffer.from(text, 'latin1'));
const nothing = new Uint8Array(256);
const space = bytes(' ');
const lacks = (pattern: RegExp) => (literal: string): boolean => !pattern.test(literal);
const all = (): boolean => true;
const percent: StepEffect = { upset: bytes('%'), brings: space, keeps: lacks(/ /) };
const path: StepEffect = { upset: nothing, brings: nothing, keeps: lacks(/\//) };
const inert = (upset: Uint8Array): StepEffect => ({ upset, brings: nothing, keeps: all });
const backslash = bytes('\\');

export const stepEffects: Readonly<Record<string, StepEffect>> = {
  none: inert(nothing), lowercase: inert(nothing), uppercase: inert(nothing), trim: inert(nothing), trimleft: inert(nothing), trimright: inert(nothing),
  urldecode: percent, urldecodeuni: percent, utf8tounicode: inert(new Uint8Array(256).fill(1, 128)), htmlentitydecode: inert(bytes('&')),
  jsdecode: inert(backslash), cssdecode: inert(backslash), escapeseqdecode: inert(backslash), removenulls: inert(bytes('\0')), replacenulls: inert(bytes('\0')),
  compresswhitespace: { upset: nothing, brings: space, keeps: lacks(/[\t-\r \xa0]/) }, replacecomments: { upset: nothing, brings: space, keeps: lacks(/ /) },
  normalisepath: path, normalizepath: path, normalisepathwin: { ...path, upset: backslash }, normalizepathwin: { ...path, upset: backslash },
  // A space before a slash or a bracket goes; commas, semicolons and blanks become one.
  cmdline: { upset: bytes('\\"\'^'), brings: space, keeps: lacks(/[ ,;\t\r\n]|.[/(]/s) },
};

const everything = complement(nothing);
const unlisted: StepEffect = { upset: everything, brings: everything, keeps: () => false };

/** The effect of a chain; `upset` holds every byte where one step may bring in what upsets the next. */
export function chainEffect(names: readonly string[]): StepEffect {
  return names.map((name) => (Object.hasOwn(stepEffects, name) ? stepEffects[name]! : unlisted)).reduce((one, next) => ({
    upset: one.brings.some((member, byte) => member === 1 && next.upset[byte] === 1) ? everything : union(one.upset, next.upset),
    brings: union(one.brings, next.brings), keeps: (literal) => next.keeps(literal) && one.keeps(literal),
  }), inert(nothing));
}

/** Whether what a step makes of a text may have at least `length` bytes. */
export type Reach = (text: string, length: number) => boolean;

/** Decoding ends at the first byte that is no digit of base64, line ends aside; four digits make three bytes. */
function base64Reaches(text: string, length: number): boolean {
  const digits = Math.ceil((length * 4) / 3);
  let count = 0;
  for (let at = 0; at < text.length && count < digits; at += 1) {
    const code = text.charCodeAt(at);
    if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 47 && code <= 57) || code === 43) count += 1;
    else if (code !== 10 && code !== 13) return false;
  }
  return count >= digits;
}

/** Transformations that often leave little of a text. */
export const reaches: Readonly<Record<string, Reach>> = { base64decode: base64Reaches };

const shrinking = new Set([...Object.keys(stepEffects).filter((name) => name !== 'utf8tounicode'), 'removewhitespace', 'removecommentschar', 'sqlhexdecode']);

/** The least length a text has when the result of the steps has at least `length` bytes; 0 where nothing is known. */
export function lengthBefore(names: readonly string[], length: number): number {
  return names.reduceRight((least, name) => {
    if (name === 'base64decode') return Math.ceil((least * 4) / 3);
    if (name === 'hexdecode') return least * 2;
    return shrinking.has(name) ? least : 0;
  }, length);
}

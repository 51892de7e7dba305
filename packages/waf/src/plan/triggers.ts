import { complement, setOf, union } from '../regex/byte-sets.ts';

const range = (from: number, to: number): Uint8Array => new Uint8Array(256).fill(1, from, to + 1);
const bytes = (text: string): Uint8Array => setOf(...Buffer.from(text, 'latin1'));
const blanks = union(range(9, 13), bytes(' \xa0'));
const upper = range(65, 90);
const backslash = bytes('\\');

/**
 * Bytes of which a value must hold at least one for a transformation to change it. A transformation that isn't listed
 * may change anything. A dot at an end of the value counts as a slash, as in scans. The unit test runs every transformation over values without its bytes.
 */
export const triggers: Readonly<Record<string, Uint8Array>> = {
  cmdline: union(bytes('\\"\'^,;/('), blanks, upper), compresswhitespace: blanks, cssdecode: backslash, escapeseqdecode: backslash,
  htmlentitydecode: bytes('&'), jsdecode: backslash, lowercase: upper, uppercase: range(97, 122), none: new Uint8Array(256),
  normalisepath: bytes('/'), normalizepath: bytes('/'), normalisepathwin: bytes('/\\'), normalizepathwin: bytes('/\\'),
  parityzero7bit: range(128, 255), phpargsnames: bytes(' .['), removecomments: bytes('/<-#'), removecommentschar: bytes('/*<-#'),
  removenulls: bytes('\0'), removewhitespace: blanks, replacecomments: bytes('/'), replacenulls: bytes('\0'), sqlhexdecode: bytes('xX'),
  trim: blanks, trimleft: blanks, trimright: blanks, urldecode: bytes('%+'), urldecodeuni: bytes('%+'), utf8tounicode: range(128, 255),
  urlencode: complement(union(range(48, 57), upper, range(97, 122), bytes('*'))),
};

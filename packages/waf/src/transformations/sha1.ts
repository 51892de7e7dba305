import { hash } from 'node:crypto';
import { toBuffer } from '../bytes.ts';

const words = new Int32Array(80);
const message = new Uint8Array(256);
/** Longer values are worth the call into OpenSSL; below, the call costs more than the digest. */
const longest = 247;

function digest(value: string): string {
  const { length } = value;
  const end = ((length + 8) >> 6 << 6) + 64;
  message.fill(0, length, end);
  for (let at = 0; at < length; at += 1) message[at] = value.charCodeAt(at);
  message[length] = 0x80;
  message[end - 1] = length << 3;
  message[end - 2] = length >> 5;
  let [h0, h1, h2, h3, h4] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  for (let block = 0; block < end; block += 64) {
    for (let index = 0; index < 16; index += 1) {
      const at = block + index * 4;
      words[index] = (message[at]! << 24) | (message[at + 1]! << 16) | (message[at + 2]! << 8) | message[at + 3]!;
    }
    for (let index = 16; index < 80; index += 1) {
      const mixed = words[index - 3]! ^ words[index - 8]! ^ words[index - 14]! ^ words[index - 16]!;
      words[index] = (mixed << 1) | (mixed >>> 31);
    }
    let a = h0, b = h1, c = h2, d = h3, e = h4;
    for (let index = 0; index < 80; index += 1) {
      const mixed = index < 20 ? ((b & c) | (~b & d)) + 0x5a827999 : index < 40 ? (b ^ c ^ d) + 0x6ed9eba1 : index < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc : (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + mixed + e + words[index]!) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    h0 = (h0 + a) | 0;
    h1 = (h1 + b) | 0;
    h2 = (h2 + c) | 0;
    h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0;
  }
  return bytesOf(h0) + bytesOf(h1) + bytesOf(h2) + bytesOf(h3) + bytesOf(h4);
}

const bytesOf = (word: number): string => String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);

/** Raw digest bytes; rules add hexEncode to read it. */
export function sha1(value: string): string {
  return value.length <= longest ? digest(value) : hash('sha1', toBuffer(value), 'binary');
}

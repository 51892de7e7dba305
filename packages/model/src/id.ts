import { createHash } from 'node:crypto';

/**
 * Deterministic id of a noun: the same parts give the same id on every machine and in every release.
 * Parts are length-prefixed, so ("a","bc") and ("ab","c") differ. 26 characters of lower-case base32
 * (130 bits of SHA-256), prefixed by its kind: `fnd_…`, `img_…`.
 */
export function deterministicId(prefix: string, ...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return `${prefix}_${base32(hash.digest()).slice(0, 26)}`;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

function base32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      out += alphabet[(value >>> (bits - 5)) & 31];
      bits -= 5;
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? out + alphabet[(value << (5 - bits)) & 31] : out;
}

const alphabet = new Int8Array(256).fill(-1);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('').forEach((char, value) => void (alphabet[char.charCodeAt(0)] = value));

// Values are decoded one after the other, so one place to decode into is enough; long ones get their own.
const room = Buffer.alloc(4096);

/** Strict base64: a character outside the alphabet ends the decoding there; line ends are passed over. */
export function base64Decode(value: string): string {
  const decoded = value.length <= room.length ? room : Buffer.alloc(value.length);
  let size = 0;
  let bits = 0;
  let held = 0;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    const digit = alphabet[code]!;
    if (digit < 0) {
      if (code === 10 || (code === 13 && value.charCodeAt(at + 1) === 10)) continue;
      break;
    }
    held = ((held << 6) | digit) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    decoded[size] = (held >> bits) & 255;
    size += 1;
  }
  return size === 0 ? '' : decoded.toString('latin1', 0, size);
}

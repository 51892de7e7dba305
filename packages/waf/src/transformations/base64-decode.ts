const alphabet = new Int8Array(256).fill(-1);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('').forEach((char, value) => void (alphabet[char.charCodeAt(0)] = value));

/** Strict base64: a character outside the alphabet ends the decoding there; line ends are passed over. */
export function base64Decode(value: string): string {
  let decoded = '';
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
    decoded += String.fromCharCode((held >> bits) & 255);
  }
  return decoded;
}

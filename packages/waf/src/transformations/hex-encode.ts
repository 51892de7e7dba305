const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hexEncode(value: string): string {
  let out = '';
  for (let at = 0; at < value.length; at += 1) out += pairs[value.charCodeAt(at) & 255]!;
  return out;
}

/**
 * A secret as a report may show it: at most its first four characters, and never more than a fifth of it; the rest
 * is stars, of a number that does not tell the length of a long one.
 */
export function maskSecret(secret: string): string {
  const firstLine = secret.split('\n', 1)[0] ?? '';
  const shown = Math.min(4, Math.floor(secret.length / 5));
  return `${firstLine.slice(0, shown).replace(/[^\x21-\x7e]/g, '*')}${'*'.repeat(Math.min(12, Math.max(4, secret.length - shown)))}`;
}

/** Bits per character by the frequencies of characters in the text (Shannon). */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  let length = 0;
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    length += 1;
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
}

// The order setuptools used before PEP 440: parts of digits and of letters, pre-release words marked by "*" so
// that they sort before the end ("*final"), everything compared as text with numbers padded to eight places.
const replaced: Readonly<Record<string, string>> = { pre: 'c', preview: 'c', '-': 'final-', rc: 'c', dev: '@' };

/** Sort key of a version that is none of PEP 440. */
export function legacyKey(text: string): string[] {
  const key: string[] = [];
  for (const part of partsOf(text.toLowerCase())) {
    if (part.startsWith('*')) {
      if (part < '*final') while (key.at(-1) === '*final-') key.pop();
      // Zeros before a word carry no weight: 1.0rc1 and 1rc1 were the same.
      while (key.at(-1) === '00000000') key.pop();
    }
    key.push(part);
  }
  return key;
}

function* partsOf(text: string): Generator<string> {
  for (const [piece] of text.matchAll(/\d+|[a-z]+|\.|-|[^\da-z.-]+/g)) {
    const part = replaced[piece] ?? piece;
    if (part === '.') continue;
    yield /^\d/.test(part) ? part.padStart(8, '0') : `*${part}`;
  }
  yield '*final';
}

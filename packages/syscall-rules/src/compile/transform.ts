import type { FieldType, FieldValue } from '../fields/field.ts';

/** A transformer of one value: which types it takes, what type comes out, and how. */
export type Transformer = { readonly takes: readonly FieldType[]; readonly gives: FieldType | 'same'; readonly apply: (value: string) => string | number | undefined };

const texts: readonly FieldType[] = ['string'];

/** By name, as in Falco; join, concat, getopt, len and val have forms of their own (operand.ts). */
export const transformers: Readonly<Record<string, Transformer>> = {
  tolower: { takes: texts, gives: 'same', apply: (value) => value.toLowerCase() },
  toupper: { takes: texts, gives: 'same', apply: (value) => value.toUpperCase() },
  b64: { takes: ['string', 'bytes'], gives: 'same', apply: decodeBase64 },
  basename: { takes: texts, gives: 'same', apply: (value) => value.slice(value.lastIndexOf('/') + 1) },
};

function decodeBase64(value: string): string | undefined {
  const trimmed = value.replace(/=+$/, '');
  return /^[A-Za-z0-9+/]*$/.test(trimmed) ? Buffer.from(trimmed, 'base64').toString('utf8') : undefined;
}

/** Applies to one value or to each of several; a value that can't be transformed is gone. */
export function transformEach(value: FieldValue, apply: (value: string) => string | number | undefined): FieldValue {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return apply(String(value));
  return (value as readonly (string | number)[]).map((one) => apply(String(one))).filter((one) => one !== undefined) as readonly string[];
}

/** The option letters present in a command line, by getopt's rules: "ab:" means a alone and b with a value. */
export function optionsIn(args: readonly string[], letters: string): string[] {
  const takesValue = new Set([...letters.matchAll(/([A-Za-z0-9]):/g)].map((match) => match[1]));
  const known = new Set(letters.replaceAll(':', ''));
  const found: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') break;
    if (arg.length < 2 || !arg.startsWith('-') || arg.startsWith('--')) continue;
    for (let index = 1; index < arg.length; index += 1) {
      const letter = arg[index] ?? '';
      if (!known.has(letter)) continue;
      found.push(letter);
      if (!takesValue.has(letter)) continue;
      if (index === arg.length - 1) at += 1;
      break;
    }
  }
  return found;
}

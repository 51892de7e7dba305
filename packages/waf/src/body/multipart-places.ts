import type { Part } from './multipart.ts';

/** Where bytes lie in a request or a body. */
export type Origin = { readonly offset: number; readonly length: number };

const at = (offset: number, length: number): readonly Origin[] => [{ offset, length }];
export type Places = { readonly name: readonly Origin[]; readonly filename: readonly Origin[]; readonly value: readonly Origin[] };

/** Where names and contents of parts lie in a body that begins at an offset. */
export function partPlaces(parts: readonly Part[], body: string, from: number): Places[] {
  let cursor = 0;
  return parts.map((part) => {
    const disposition = part.headers.find((text) => /^content-disposition\s*:/i.test(text)) ?? '';
    const start = Math.max(body.indexOf(disposition, cursor), cursor);
    const within = (word: RegExp, text: string): readonly Origin[] => {
      const found = word.exec(disposition);
      return at(from + start + (found === null ? 0 : found.index + found[0].length), text.length);
    };
    const blank = /\n\r?\n/g;
    blank.lastIndex = start;
    const end = blank.exec(body);
    const value = end === null ? start : end.index + end[0].length;
    cursor = value + part.length;
    return { name: within(/[;\s]name\s*=\s*["']?/i, part.name), filename: within(/[;\s]filename\s*=\s*["']?/i, part.filename ?? ''), value: at(from + value, part.length) };
  });
}

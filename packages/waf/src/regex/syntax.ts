/** What a pattern is made of, after parsing. Sets are over bytes: index = byte, 1 = member. */
export type Node =
  | { readonly kind: 'set'; readonly set: Uint8Array; readonly fold: boolean }
  | { readonly kind: 'concat'; readonly items: readonly Node[] }
  | { readonly kind: 'alternatives'; readonly items: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number; readonly mode: 'greedy' | 'lazy' | 'possessive' }
  | { readonly kind: 'capture'; readonly item: Node; readonly index: number }
  | { readonly kind: 'atomic'; readonly item: Node }
  | { readonly kind: 'look'; readonly item: Node; readonly ahead: boolean; readonly negative: boolean }
  | { readonly kind: 'assertion'; readonly what: Assertion }
  | { readonly kind: 'backreference'; readonly index: number; readonly fold: boolean };

export type Assertion = 'start' | 'end' | 'end-or-newline' | 'line-start' | 'line-end' | 'word' | 'not-word';

/** A pattern that cannot be represented exactly; `at` is the offset in the pattern. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly at: number;
  constructor(message: string, at: number) {
    super(`${message} (at offset ${at} of the pattern)`);
    this.at = at;
  }
}

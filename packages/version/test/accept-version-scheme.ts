import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VersionScheme } from '@palisade/version/scheme';

/** What a member brings: `ordered` from oldest to newest, groups of `equal` texts, texts that are `refused`, and a generator of likely texts. */
export type SchemeCase = {
  readonly ordered: readonly string[];
  readonly equal: readonly (readonly string[])[];
  readonly refused: readonly string[];
  readonly alphabet: readonly string[];
  /** Why the ecosystem's own order is not transitive; everything else is still asked of it. */
  readonly notTransitive?: string;
};

/** The kit of version schemes: what every member must hold. */
export function acceptVersionScheme(scheme: VersionScheme, given: SchemeCase): void {
  const order = (a: string, b: string): number => Math.sign(scheme.compare(scheme.parse(a), scheme.parse(b)));
  const parses = (text: string): boolean => {
    try {
      scheme.parse(text);
      return true;
    } catch {
      return false;
    }
  };

  describe(`version scheme ${scheme.id}`, () => {
    it('orders its own list, both ways and across', () => {
      for (const [i, a] of given.ordered.entries()) {
        for (const [j, b] of given.ordered.entries()) expect([a, b, order(a, b)]).toEqual([a, b, Math.sign(i - j)]);
      }
    });

    it('finds equal what is', () => {
      for (const group of given.equal) for (const a of group) for (const b of group) expect([a, b, Math.abs(order(a, b))]).toEqual([a, b, 0]);
    });

    it.each(['', ' ', '1 2', '1\u00002', `1.${'0'.repeat(2000)}`, ...given.refused])('refuses %j with a reason', (text) => {
      expect(() => scheme.parse(text)).toThrow(/is not a .* version: ./);
    });

    it(`is a total order: reflexive, antisymmetric, ${given.notTransitive === undefined ? 'transitive' : `not transitive (${given.notTransitive})`}`, () => {
      const seeds = [...given.ordered, ...given.equal.flat()];
      const version = fc
        .oneof(
          fc.array(fc.constantFrom(...given.alphabet), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
          fc.tuple(fc.constantFrom(...seeds), fc.array(fc.constantFrom(...given.alphabet), { maxLength: 3 })).map(([seed, parts]) => seed + parts.join('')),
        )
        .filter(parses);
      fc.assert(
        fc.property(version, version, version, (a, b, c) => {
          expect(Math.abs(order(a, a))).toBe(0);
          expect(order(a, b) + order(b, a)).toBe(0);
          if (given.notTransitive !== undefined) return;
          if (order(a, b) <= 0 && order(b, c) <= 0) expect([a, b, c, order(a, c) <= 0]).toEqual([a, b, c, true]);
          if (order(a, b) === 0) expect([a, b, c, order(a, c)]).toEqual([a, b, c, order(b, c)]);
        }),
        { numRuns: 2000 },
      );
    });

    it('answers or refuses any text, never anything else', () => {
      fc.assert(
        fc.property(fc.string({ maxLength: 60, unit: 'binary' }), fc.string({ maxLength: 60 }), (a, b) => {
          for (const text of [a, b]) if (!parses(text)) expect(() => scheme.parse(text)).toThrow(/is not a/);
          if (parses(a) && parses(b)) expect(Number.isNaN(order(a, b))).toBe(false);
        }),
      );
    });
  });
}

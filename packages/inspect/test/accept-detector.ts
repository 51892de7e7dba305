import { describe, expect, it } from 'vitest';
import type { Detector, Draft } from '../src/detector.ts';

export type DetectorCase<Input> = { readonly name: string; readonly input: Input; readonly fires: readonly string[] };

/** The kit every detector passes: texts in both languages, ids that belong to it, each rule seen to fire and to stay silent. */
export function acceptDetector<Input>(detector: Detector<Input>, cases: readonly DetectorCase<Input>[]): void {
  const rulesOf = (drafts: readonly Draft[]): string[] => [...new Set(drafts.map((draft) => draft.rule))].sort();
  describe(`detector ${detector.id}`, () => {
    it('says everything in both languages, under its own name', () => {
      for (const [id, rule] of Object.entries(detector.rules)) {
        expect(id.startsWith(`${detector.id}-`), id).toBe(true);
        for (const text of [rule.title, rule.description, rule.remedy]) {
          expect(text.en.length, id).toBeGreaterThan(0);
          expect(text['zh-CN'], id).toMatch(/[\u4e00-\u9fff]/);
        }
      }
    });
    for (const one of cases) {
      it(one.name, () => {
        const drafts = detector.inspect(one.input);
        expect(rulesOf(drafts)).toEqual([...one.fires].sort());
        expect(new Set(drafts.map((draft) => draft.id)).size).toBe(drafts.length);
        expect(detector.inspect(one.input)).toEqual(drafts);
      });
    }
    it('has a case for each rule that fires it and one that does not', () => {
      const rules = Object.keys(detector.rules);
      expect(rules.filter((rule) => !cases.some((one) => one.fires.includes(rule)))).toEqual([]);
      expect(rules.filter((rule) => cases.every((one) => one.fires.includes(rule)))).toEqual([]);
    });
  });
}

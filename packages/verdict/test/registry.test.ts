import { describe, expect, it } from 'vitest';
import { checkDocuments } from '../src/document/registry.ts';

const waiver = (name: string, match: string): string => `apiVersion: palisade/v1\nkind: Waiver\nmetadata: {name: ${name}}\nspec: {target: vulnerability, match: ${match}, reason: r}\n`;

describe('documents of a file', () => {
  it('reads each and gives one fault for each that is wrong, with its line', () => {
    const text = [waiver('a', '{rule: CVE-1}'), waiver('b', '{rul: CVE-1}'), 'apiVersion: palisade/v1\nkind: Nothing\n', 'apiVersion: palisade/v1\nkind: GatePolicy\nmetadata: {name: p}\nspec:\n  mode: enforce\n  rules:\n    - {id: x, when: findin.kind == "a", then: deny}\n'].join('---\n');
    const { documents, faults } = checkDocuments(text, 'all.yaml');
    expect(documents.map((document) => document.metadata.name)).toEqual(['a']);
    expect(faults.map(({ line }) => line)).toEqual([9, 12, 20]);
    expect(faults[0]?.cause).toContain('match has no key "rul"');
    expect(faults[1]?.cause).toContain('"Nothing" is not known');
    expect(faults[2]?.cause).toContain('rule "x": unknown variable "findin"');
  });

  it('names a text without a document, and one that is no YAML', () => {
    expect(checkDocuments('', 'f').faults).toMatchObject([{ cause: 'no document in it' }]);
    expect(checkDocuments('a: [', 'f').faults).toHaveLength(1);
  });
});

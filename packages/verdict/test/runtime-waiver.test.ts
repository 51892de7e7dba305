import { describe, expect, it } from 'vitest';
import type { PalisadeDocument } from '../src/document/registry.ts';
import { checkDocuments } from '../src/document/registry.ts';
import { compileRuntimeWaivers, waiverOf } from '../src/waiver/runtime.ts';

const read = (spec: string): { documents: PalisadeDocument[]; causes: string[] } => {
  const { documents, faults } = checkDocuments(`apiVersion: palisade/v1\nkind: Waiver\nmetadata: {name: w}\nspec: ${spec}\n`, 'w.yaml');
  return { documents, causes: faults.map((fault) => fault.cause) };
};
const facts = { rule: ['Reverse shell', 'palisade_R1001'], process: ['/bin/busybox', 'sh'], parent: ['/bin/busybox'], command: ['sh -i'], file: [], peer: ['10.0.0.7:4444', '10.0.0.7'] };

describe('waivers of runtime rules', () => {
  it('match every key they name, in their place, until their end', () => {
    const { documents } = read('{target: runtimeRule, match: {rule: palisade_R1001, process: /bin/*, peer: 10.0.0.7}, where: {image: "shop/*"}, reason: r, until: {date: 2027-01-31}}');
    const waivers = compileRuntimeWaivers(documents);
    const place = { container: 'c', image: 'shop/web:1' };
    const before = Date.parse('2027-01-31T12:00:00Z');
    expect(waiverOf(waivers, facts, place, before)).toMatchObject({ ended: false, waiver: { name: 'w' } });
    expect(waiverOf(waivers, facts, place, before + 86_400_000)).toMatchObject({ ended: true });
    expect(waiverOf(waivers, facts, { container: 'c', image: 'other' }, before)).toBeUndefined();
    expect(waiverOf(waivers, { ...facts, process: ['/usr/bin/nc'] }, place, before)).toBeUndefined();
    expect(waiverOf(waivers, { ...facts, peer: [] }, place, before)).toBeUndefined();
  });

  it('name a rule, known keys and an end', () => {
    expect(read('{target: runtimeRule, match: {process: /bin/x}, reason: r, until: {date: 2027-01-31}}').causes[0]).toContain('match.rule is missing');
    expect(read('{target: runtimeRule, match: {rule: x, package: y}, reason: r, until: {date: 2027-01-31}}').causes[0]).toContain('match has no key "package"');
    expect(read('{target: runtimeRule, match: {rule: x}, reason: r}').causes[0]).toContain('has an end');
    expect(read('{target: runtimeRule, match: {rule: x}, reason: r, until: {fixAvailable: true}}').causes[0]).toContain('has an end');
  });
});

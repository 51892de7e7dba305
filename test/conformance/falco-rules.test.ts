import { readFileSync } from 'node:fs';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { expect, it } from 'vitest';
import { conformance, dataPath } from '../conformance-data.ts';

conformance('Falco stable rules', ['falco/falco_rules.yaml'], () => {
  it('load whole, unmodified', () => {
    const set = loadRules([{ name: 'falco_rules.yaml', content: readFileSync(dataPath('falco/falco_rules.yaml'), 'utf8') }], {
      source: { origin: 0n, hostname: '' },
      names: { user: () => undefined, group: () => undefined, addresses: () => [] },
    });
    expect(set.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
    expect({ loaded: set.rules.length, ...set.counts }).toEqual({ loaded: 25, rules: 25, macros: 87, lists: 49 });
  });
});

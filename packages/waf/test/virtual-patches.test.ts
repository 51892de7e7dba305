import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadRules } from '../src/load.ts';
import { readVirtualPatches } from '../src/virtual-patches.ts';

it('finds each shipped patch by its vulnerabilities, and each loads by itself', () => {
  const file = path.resolve(import.meta.dirname, '../../../content/waf/virtual-patches.conf');
  const patches = readVirtualPatches(readFileSync(file, 'utf8'), 'virtual-patches.conf');
  expect(patches.find(({ cves }) => cves.includes('CVE-2021-44228'))?.rule).toBe(7_102_010);
  expect(patches.length).toBeGreaterThan(6);
  for (const { text } of patches) expect(loadRules([{ name: 'one', text }], { read: () => '', glob: () => [] }).problems).toEqual([]);
});
it('takes all links of a chain, and no rule of another kind', () => {
  const text = '# a\nSecRule ARGS "a" "id:1,phase:2,deny,tag:\'virtual-patch\',tag:\'CVE-2020-1\',chain"\n  # b\n  SecRule ARGS "b" "t:none"\nSecRule ARGS "c" "id:2,phase:2,deny,tag:\'CVE-2020-2\'"';
  expect(readVirtualPatches(text, 'own')).toEqual([{ rule: 1, cves: ['CVE-2020-1'], text: 'SecRule ARGS "a" "id:1,phase:2,deny,tag:\'virtual-patch\',tag:\'CVE-2020-1\',chain"\n  SecRule ARGS "b" "t:none"' }]);
});

import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz } from '../../../test/fuzz.ts';
import { memoryStore } from '../src/engine/store.ts';
import { beginTransaction } from '../src/http-transaction.ts';
import type { RuleSet } from '../src/load.ts';
import { loadRules } from '../src/load.ts';

const content = path.resolve(import.meta.dirname, '../../../content/waf');
const files = globSync('*.conf', { cwd: content });
const rules = files.flatMap((file) => readFileSync(path.join(content, file), 'latin1').split(/\n(?=Sec)/));
const world = { read: (name: string): string => readFileSync(path.join(content, path.basename(name)), 'latin1'), glob: (): string[] => [] };

/** What rules say of one request, by the plain reading or the planned one. */
function run(ruleSet: RuleSet, plain: boolean): string {
  const tx = beginTransaction(ruleSet, { connection: { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 }, id: 'a', now: () => 0, store: memoryStore(), plain });
  tx.requestLine('POST', '/up/x.php?a=1&cmd=%24%7bjndi:ldap://x}&b=<?php+eval($_POST[1]);', '1.1');
  const stopped = tx.requestHeaders([{ name: 'Host', value: 'a' }, { name: 'User-Agent', value: 'sqlmap/1.7' }, { name: 'Content-Type', value: 'application/x-www-form-urlencoded' }]) ?? tx.requestBody('z=@eval(base64_decode($_POST[id]));&pass=uid=0(root)') ?? tx.responseHeaders(200, '1.1', [{ name: 'Content-Type', value: 'text/html' }]) ?? tx.responseBody('uid=0(root) gid=0(root)');
  tx.logging();
  return JSON.stringify([stopped, tx.matches.map(({ rule, variable, offset, bytes }) => [rule, variable, offset, bytes]), tx.gaps]);
}

it('rules bent in any way load or are refused with file and line, and mean the same to the planned and the plain reading', () => {
  const bit = fc.constantFrom('"', "'", '\\', '\\\n', '\n', ',', ':', '|', '!', '&', '@', '%{', '}', ' ', '#', '\0', '\xff', '(', ')', '[', '*', '{9}', '+', 'chain', 'skipAfter:', 'skip:1', 't:', 'ctl:', 'setvar:tx.a=+1', 'SecRule ', 'SecAction ', 'SecMarker x', 'SecRuleRemoveById ', 'SecDefaultAction ', 'ARGS', 'TX:/x/', '-1', '99999999999999999999', 'phase:5', 'phase:0');
  const bend = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.oneof(fc.constant(0), fc.nat(12)), add: fc.oneof(fc.constant(''), bit, bit) });
  let loaded = 0;
  fc.assert(
    fc.property(fc.shuffledSubarray(rules, { minLength: 1, maxLength: 6 }), fc.array(bend, { maxLength: 3 }), (chosen, bends) => {
      let text = chosen.join('\n');
      for (const { at, cut, add } of bends) text = `${text.slice(0, Math.floor(at * text.length))}${add}${text.slice(Math.floor(at * text.length) + cut)}`;
      const { ruleSet, problems } = loadRules([{ name: 'bent.conf', text: `SecRuleEngine On\nSecRequestBodyAccess On\nSecResponseBodyAccess On\n${text}` }], world);
      const lines = text.split('\n').length + 3;
      for (const { file, line, message } of problems) expect([file, line >= 1 && line <= lines, message !== '']).toEqual(['bent.conf', true, true]);
      if (problems.length > 0) return;
      loaded += 1;
      expect(run(ruleSet, false)).toBe(run(ruleSet, true));
    }),
    fuzz(80),
  );
  expect(loaded).toBeGreaterThan(5);
});

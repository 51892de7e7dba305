import type { WafEvent } from '@palisade/model/waf-event';
import { memoryStore } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import { loadRules } from '@palisade/waf/load';
import { expect, it } from 'vitest';
import { exclusionsOf } from '../src/commands/waf/exclusions.ts';

const terms = { reason: 'search takes SQL words', owner: 'shop team', until: '2026-12-31', firstId: 7_900_000 };
const event = (path: string, ...variables: string[]): WafEvent => ({
  time: '2026-11-24T00:00:00.000Z', id: 'ref-1', site: 's', client: '192.0.2.1', method: 'GET', host: 'h', path, mode: 'detect', action: 'logged', status: 200, scores: { total: 5, bySeverity: {} },
  matches: variables.map((variable) => ({ rule: 1, msg: 'm', tags: [], severity: 'critical', variable, offset: 0, bytes: 'x' })), gaps: [], took_us: 1,
});

function logged(directives: string, uri: string, day: string, method = 'GET'): number[] {
  const rules = 'SecRule ARGS "@contains union" "id:1,phase:2,pass,log"\nSecRule ARGS "@contains select" "id:2,phase:2,pass,log"\n';
  const { ruleSet, problems } = loadRules([{ name: 'own', text: directives + rules }], { read: () => '', glob: () => [] });
  expect(problems).toEqual([]);
  const tx = beginTransaction(ruleSet, { connection: { clientAddress: '192.0.2.7', clientPort: 1, serverAddress: '192.0.2.1', serverPort: 80 }, id: 's', now: () => Date.parse(day), store: memoryStore() });
  tx.requestLine(method, uri, '1.1');
  tx.requestHeaders([]);
  tx.requestBody('');
  return tx.matches.filter(({ log }) => log).map(({ rule }) => rule);
}

it('excludes one parameter of one route from one rule, until a date', () => {
  const { directives, left } = exclusionsOf([event('/search', 'ARGS:q'), event('/search', 'ARGS:q', 'TX:score')], terms);
  expect(left).toEqual([]);
  expect(directives).toContain('# owner: shop team; until: 2026-12-31; events: ref-1 ref-1');
  expect(directives.match(/SecRule REQUEST_FILENAME/g)).toHaveLength(1);
  expect(logged(directives, '/search?q=union+select', '2026-12-31T12:00:00Z')).toEqual([2]);
  expect(logged(directives, '/search?q=union&other=union', '2026-12-31')).toEqual([1]);
  expect(logged(directives, '/other?q=union', '2026-12-31')).toEqual([1]);
  expect(logged(directives, '/search?q=union', '2026-12-31', 'PUT')).toEqual([1]);
  expect(logged(directives, '/search?q=union', '2027-01-01T00:00:01Z')).toEqual([1]);
});
it('says what it can not exclude so narrowly, and writes nothing an event could smuggle in', () => {
  const { directives, left } = exclusionsOf([event('/a"\nSecRuleEngine Off', 'ARGS:q'), event('/b', "ARGS:x,ctl:ruleEngine=Off'"), event('/b', 'ARGS:/.*/')], terms);
  expect(directives).toBe('');
  expect(left).toHaveLength(3);
});
it('keeps to the rules asked for, and a reason to its line', () => {
  expect(exclusionsOf([event('/b', 'ARGS:q')], { ...terms, only: [2] }).directives).toBe('');
  expect(exclusionsOf([event('/b', 'ARGS:q')], { ...terms, reason: 'a\nSecRuleEngine Off' }).directives).not.toMatch(/^SecRuleEngine/m);
});

import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/engine/store.ts';
import { beginTransaction } from '../src/http-transaction.ts';
import type { RuleSet } from '../src/load.ts';
import { loadRules } from '../src/load.ts';

const rules = (engine: string): RuleSet => {
  const text = `SecRuleEngine ${engine}\n${Array.from({ length: 200 }, (_, at) => `SecRule ARGS "@rx ^x${at}.*[0-9]" "id:${at + 1},phase:2,pass,log"`).join('\n')}\nSecRule REQUEST_URI "@contains /" "id:900,phase:3,pass,log"`;
  const { ruleSet, problems } = loadRules([{ name: 'own', text }], { read: () => '', glob: () => [] });
  expect(problems).toEqual([]);
  return ruleSet;
};

/** A request whose rules ask the clock many times; each look costs `cost` ms. */
function run(engine: string, plain: boolean, cost: number) {
  let now = 0;
  const tx = beginTransaction(rules(engine), {
    connection: { clientAddress: '192.0.2.7', clientPort: 1, serverAddress: '192.0.2.1', serverPort: 80 }, id: 'b', now: () => 0, store: memoryStore(), plain,
    budget: { milliseconds: 100, clock: () => (now += cost) },
  });
  tx.requestLine('GET', `/?${Array.from({ length: 200 }, (_, at) => `a=x${at}y7`).join('&')}`, '1.1');
  const intervention = tx.requestHeaders([]) ?? tx.requestBody('') ?? tx.responseHeaders(200, '1.1', []);
  tx.logging();
  return { intervention, kinds: tx.gaps.map(({ kind }) => kind), ids: tx.matches.map(({ rule }) => rule) };
}

describe.each([false, true])('the time that the rules of a request may take (plain: %s)', (plain) => {
  it('is an event and stops the request where rules may stop one', () => {
    const { intervention, kinds, ids } = run('On', plain, 5);
    expect(intervention).toMatchObject({ rule: 0, action: 'deny', status: 503 });
    expect(kinds).toEqual(['limit-time']);
    expect(ids.length).toBeLessThan(200);
  });
  it('is an event, and the request passes, where they only watch; no later rule runs', () => {
    const { intervention, kinds, ids } = run('DetectionOnly', plain, 5);
    expect(intervention).toBeUndefined();
    expect(kinds).toEqual(['limit-time']);
    expect(ids).not.toContain(900);
  });
  it('is not felt by requests within it', () => {
    const { kinds, ids } = run('On', plain, 0.0001);
    expect(kinds).toEqual([]);
    expect(ids).toHaveLength(201);
  });
});

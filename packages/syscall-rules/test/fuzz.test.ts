import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCondition, ConditionError } from '../src/condition/parse.ts';
import { createRuleEngine } from '../src/engine.ts';
import { loadRules } from '../src/ruleset.ts';
import { openTrace } from '../src/trace/read.ts';
import { loadWindowed } from '../src/windowed/load.ts';

const context = { source: { origin: 0n, hostname: '' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
const words = ['evt.type', '=', 'in', '(', ')', 'and', 'or', 'not', 'proc.name', 'proc.aname[2]', 'open', ',', '"x y"', 'pmatch', '/etc/*', 'glob', 'regex', '(a+)+$', 'tolower(', 'exists', 'container', '>=', '1', 'fd.net', '"10.0.0.0/8"', 'evt.arg.flags', 'intersects', '%', '\\', "'"];
const condition = fc.oneof(fc.string({ maxLength: 200 }), fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join(' ')));

it('a condition of any text is a tree or an error with its place', () => {
  fc.assert(
    fc.property(condition, (text) => {
      try {
        parseCondition(text);
      } catch (error) {
        expect(error).toBeInstanceOf(ConditionError);
        expect((error as ConditionError).at).toBeLessThanOrEqual(text.length);
      }
    }),
    { numRuns: 3000 },
  );
});

it('a rule file of any text loads or names its problems with file and line', () => {
  const item = fc.oneof(
    condition.map((text) => `- rule: R\n  desc: d\n  condition: ${JSON.stringify(text)}\n  output: "x %proc.name"\n  priority: INFO\n`),
    condition.map((text) => `- macro: m\n  condition: ${JSON.stringify(text)}\n`),
    fc.string({ maxLength: 200 }),
    fc.array(fc.constantFrom('- rule: A\n', '  append: true\n', '  condition: and evt.type=open\n', '- list: l\n  items: [a, l]\n', '  override: {condition: append}\n', '  exceptions: [{name: e, fields: [proc.name], values: [[x]]}]\n', '- required_engine_version: 99.9\n', '&a *a\n'), { maxLength: 12 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 4 }), (items) => {
      const content = items.join('\n');
      const set = loadRules([{ name: 'f.yaml', content }], context);
      for (const problem of set.problems) expect(problem.file === 'f.yaml' && problem.line >= 1).toBe(true);
      createRuleEngine(set.rules, context);
      loadWindowed([{ name: 'w.yaml', content }], set, context);
    }),
    { numRuns: 400 },
  );
});

it('a trace of any lines gives events or an error with file and line', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const line = fc.oneof(
    fc.string({ maxLength: 100 }),
    value.map((one) => JSON.stringify(one)),
    fc.record({ type: fc.constantFrom('openat', 'execve', 'connect', 'procexit', 'nonsense'), pid: fc.nat(20), process: value, args: value, fd: value }, { requiredKeys: ['type', 'pid'] }).map((event) => JSON.stringify({ event })),
    fc.record({ pid: fc.nat(20), ppid: fc.nat(20), comm: fc.string({ maxLength: 20 }), container: fc.constantFrom('host', 'nowhere') }, { requiredKeys: ['pid'] }).map((process) => JSON.stringify({ process })),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const reader = openTrace('t', '{"palisade.trace":1,"origin":"1"}');
      for (const text of lines) {
        try {
          reader.read(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'trace' });
          expect((error as Error).message).toMatch(/^t:\d+: /);
        }
      }
    }),
    { numRuns: 200 },
  );
});

import { expect, it } from 'vitest';
import { createRuleEngine } from '../src/engine.ts';
import type { Event } from '../src/event.ts';
import { loadRules } from '../src/ruleset.ts';
import { openTrace } from '../src/trace/read.ts';
import { createTraceWriter } from '../src/trace/write.ts';

const rules = `
- macro: spawned
  condition: evt.type in (execve, execveat)
- rule: Shell
  desc: a shell was started
  condition: spawned and proc.name in (sh, bash)
  output: shell by %proc.pname (user=%user.uid command=%proc.cmdline)
  priority: WARNING
`;
const trace = [
  '{"palisade.trace":1,"origin":"1700000000000000000","hostname":"node"}',
  '{"process":{"pid":10,"ppid":1,"comm":"nginx","exepath":"/usr/sbin/nginx","uid":33}}',
  '{"process":{"pid":11,"ppid":10,"comm":"nginx","exepath":"/usr/sbin/nginx","uid":33}}',
  '{"event":{"type":"execve","pid":11,"res":0,"process":{"ppid":10,"comm":"sh","exe":"/bin/sh","exepath":"/bin/sh","args":["-c","id"],"uid":33}}}',
  '{"event":{"type":"execve","pid":10,"res":0,"process":{"ppid":1,"comm":"ls","exe":"/bin/ls","exepath":"/bin/ls","args":[],"uid":33}}}',
];
const names = { user: () => undefined, group: () => undefined, addresses: () => [] };

function replay(lines: readonly string[], each: (event: Event) => void = () => {}): string[] {
  const reader = openTrace('trace', lines[0] ?? '');
  const context = { source: reader.source, names };
  const set = loadRules([{ name: 'rules.yaml', content: rules }], context);
  expect(set.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  const engine = createRuleEngine(set.rules, context);
  return lines.slice(1).flatMap((line) => {
    const event = reader.read(line);
    if (event === undefined) return [];
    each(event);
    return engine.decide(event).map((rule) => rule.output.text(event));
  });
}

it('fires on the event its condition describes and stays silent on the others', () => {
  expect(replay(trace)).toHaveLength(1);
  expect(replay(trace)[0]).toContain('shell by nginx (user=33 command=sh -c id)');
});

it('decides the same on a trace that was read and written again', () => {
  const lines: string[] = [];
  const writer = createTraceWriter({ origin: 1_700_000_000_000_000_000n, hostname: 'node' }, (line) => lines.push(line.trim()));
  const first = replay(trace, (event) => writer.event(event));
  expect(replay(lines)).toEqual(first);
});

it('names file and line of what is not a trace', () => {
  expect(() => openTrace('t.ndjson', 'hello')).toThrow(/t\.ndjson:1/);
  const reader = openTrace('t.ndjson', trace[0] ?? '');
  expect(() => reader.read('{"event":{"type":"nonsense","pid":1}}')).toThrow(/t\.ndjson:2.*nonsense/);
});

it('names rule and field of what it does not know', () => {
  const { problems } = loadRules([{ name: 'r.yaml', content: '- rule: A\n  desc: d\n  condition: evt.type=execve and proc.nonsense=1\n  output: x\n  priority: INFO\n' }], { source: { origin: 0n, hostname: '' }, names });
  expect(problems.find((problem) => problem.severity === 'error')).toMatchObject({ file: 'r.yaml', line: 3, item: 'rule "A"', field: 'proc.nonsense' });
});

it('writes a process again when its user changes, though it ran nothing new', () => {
  const lines: string[] = [];
  const writer = createTraceWriter({ origin: 0n, hostname: 'node' }, (line) => lines.push(line.trim()), { user: (uid) => ({ name: uid === 0 ? 'root' : 'web', home: '/', shell: '' }), group: () => undefined });
  const reader = openTrace('t', '{"palisade.trace":1,"origin":"0"}');
  const read = (line: string): Event => reader.read(line) as Event;
  writer.event(read('{"event":{"type":"setuid","pid":10,"process":{"comm":"app","exe":"/app","uid":0}}}'));
  writer.event(read('{"event":{"type":"setuid","pid":10,"args":{"uid":33},"process":{"uid":33}}}'));
  const again = openTrace('t', lines[0] ?? '');
  const users = lines.slice(1).flatMap((line) => {
    const event = again.read(line);
    return event === undefined ? [] : [event.process.user];
  });
  expect(users).toEqual(['root', 'web']);
});

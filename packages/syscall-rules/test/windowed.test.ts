import { expect, it } from 'vitest';
import type { Event } from '../src/event.ts';
import { loadRules } from '../src/ruleset.ts';
import { openTrace } from '../src/trace/read.ts';
import { createWindowCounter, windowText } from '../src/windowed/count.ts';
import { isWindowedFile, loadWindowed } from '../src/windowed/load.ts';

const names = { user: () => undefined, group: () => undefined, addresses: () => [] };
const second = 1e9;

function counter(rule: string) {
  const content = `apiVersion: palisade/v1\nkind: WindowedRules\nmetadata: {name: test, scope: {}, labels: {}, owner: git}\nspec:\n  rules:\n${rule.trimEnd().split('\n').map((line) => `    ${line}`).join('\n')}\n`;
  const context = { source: { origin: 0n, hostname: '' }, names };
  const set = loadRules([{ name: 'base.yaml', content: '- macro: outgoing\n  condition: (evt.type=connect and fd.typechar=4)\n' }], context);
  const { windows, problems } = loadWindowed([{ name: 'windowed.yaml', content }], set, context);
  return { windows, problems, counts: createWindowCounter(windows), isFile: isWindowedFile(content) };
}

const reader = openTrace('t', '{"palisade.trace":1,"origin":"0"}');
function connect(time: number, pid: number, ip: string, port: number, res = 0): Event {
  const line = { event: { type: 'connect', time, pid, res, fd: { num: 3, kind: 'ipv4', local: { ip: '10.0.0.2', port: 40000 }, remote: { ip, port }, role: 'client', protocol: 'tcp' } } };
  return { ...(reader.read(JSON.stringify(line)) as Event) };
}
const scan = `
- rule: Scan
  desc: many ports
  condition: outgoing
  key: [proc.pid]
  within: 10s
  count: 5
  distinct: [fd.sport]
  output: "%proc.pid asked %window.distinct ports in %window.seconds s"
  priority: WARNING
  tags: [palisade_R0001]
`;

it('fires when so many different values fall into the window, once per window', () => {
  const { counts, isFile, windows } = counter(scan);
  expect(isFile).toBe(true);
  expect(windows[0]?.id).toBe('palisade_R0001');
  const fired = Array.from({ length: 12 }, (_, port) => counts.count(connect(port * second * 0.5, 7, '10.0.0.9', 1000 + port)).length);
  expect(fired).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
});

it('does not count the same value twice, nor other keys, nor what has left the window', () => {
  const { counts } = counter(scan);
  for (let index = 0; index < 20; index += 1) expect(counts.count(connect(index * 1e8, 7, '10.0.0.9', 443))).toEqual([]);
  for (let index = 0; index < 8; index += 1) expect(counts.count(connect(20 * second + index * 1e8, 100 + index, '10.0.0.9', 1000 + index))).toEqual([]);
  for (let index = 0; index < 8; index += 1) expect(counts.count(connect(100 * second + index * 3 * second, 8, '10.0.0.9', 1000 + index))).toEqual([]);
});

it('says what the window held', () => {
  const { counts } = counter(scan);
  const matches = Array.from({ length: 5 }, (_, index) => connect(index * second, 7, '10.0.0.9', 2000 + index)).flatMap((event) => counts.count(event).map((match) => windowText(match.rule.output.text(event), match)));
  expect(matches[0]).toContain('7 asked 5 ports in 4.0 s');
});

it('waits for the condition that must come before', () => {
  const { counts } = counter(`
- rule: After
  desc: connect after a failed one
  after: outgoing and evt.failed=true
  condition: outgoing and evt.failed=false
  key: [proc.pid]
  within: 5s
  output: x
  priority: INFO
`);
  expect(counts.count(connect(1 * second, 7, '10.0.0.9', 80))).toEqual([]);
  expect(counts.count(connect(2 * second, 7, '10.0.0.9', 80, -111))).toEqual([]);
  expect(counts.count(connect(3 * second, 8, '10.0.0.9', 80))).toEqual([]);
  expect(counts.count(connect(4 * second, 7, '10.0.0.9', 80))).toHaveLength(1);
  expect(counts.count(connect(30 * second, 7, '10.0.0.9', 80))).toEqual([]);
});

it('tells a beacon by its regular calls', () => {
  const rule = `
- rule: Beacon
  desc: keeps time
  condition: outgoing
  key: [proc.pid]
  within: 10m
  count: 6
  regular: {spread: 0.1, atLeast: 5s}
  output: x
  priority: INFO
`;
  const fires = (gaps: readonly number[]): boolean => {
    const { counts } = counter(rule);
    let time = 0;
    return gaps.map((gap) => counts.count(connect((time += gap * second), 7, '10.0.0.9', 443)).length).some((count) => count > 0);
  };
  expect(fires([10, 10.1, 9.9, 10, 10.2, 10, 9.8])).toBe(true);
  expect(fires([10, 31, 6, 48, 7, 90, 12])).toBe(false);
  expect(fires([1, 1, 1, 1, 1, 1, 1])).toBe(false);
});

it('forgets the key unused longest when there are too many, and counts that', () => {
  const { counts } = counter(scan);
  for (let pid = 1; pid <= 20_010; pid += 1) counts.count(connect(pid, pid, '10.0.0.9', 1));
  expect(counts.forgotten().get('Scan')).toBe(10);
});

it.each([
  ['condition: outgoing and proc.nonsense=1', /proc\.nonsense/],
  ['within: 3 fortnights', /within/],
  ['key: [proc.nonsense]', /proc\.nonsense/],
  ['sum: {field: proc.name, atLeast: 3}', /no number/],
  ['priority: LOUD', /LOUD/],
])('names file, line and cause of "%s"', (line, cause) => {
  const field = line.split(':')[0] ?? '';
  const changed = scan.includes(`  ${field}:`) ? scan.replace(new RegExp(`  ${field}:.*`), `  ${line}`) : `${scan.trimEnd()}\n  ${line}\n`;
  const { problems } = counter(changed);
  expect(problems[0]?.message).toMatch(cause);
  expect(problems[0]?.file).toBe('windowed.yaml');
  expect(problems[0]?.line).toBeGreaterThan(4);
});

function event(line: object): Event {
  return { ...(reader.read(JSON.stringify({ event: line })) as Event) };
}

it('joins two events by keys of their own, and keeps silent where the other condition was true', () => {
  const rule = `
- rule: Written and run
  desc: x
  condition: evt.type=connect
  key: [fd.sport]
  within: 10s
  after: evt.type=listen
  afterKey: [fd.num]
  unless: evt.type=accept
  unlessKey: [evt.res]
  output: x
  priority: WARNING
`;
  const { counts, problems } = counter(rule);
  expect(problems).toEqual([]);
  const listen = (time: number, num: number) => counts.count(event({ type: 'listen', time, pid: 7, res: 0, fd: { num, kind: 'ipv4', role: 'server' } }));
  expect(counts.count(connect(second, 7, '10.0.0.9', 80)).length).toBe(0);
  listen(2 * second, 80);
  expect(counts.count(connect(3 * second, 7, '10.0.0.9', 81)).length).toBe(0);
  expect(counts.count(connect(4 * second, 7, '10.0.0.9', 80)).length).toBe(1);
  listen(30 * second, 80);
  expect(counts.count(connect(41 * second, 7, '10.0.0.9', 80)).length).toBe(0);
});

it('refuses keys that cannot be compared', () => {
  const rule = (more: string) => `
- rule: R
  desc: x
  condition: evt.type=connect
  key: [fd.sport]
  within: 10s
${more}
  output: x
  priority: WARNING
`;
  expect(counter(rule('  afterKey: [fd.num]')).problems[0]?.message).toContain('afterKey stands without after');
  expect(counter(rule('  unless: evt.type=accept\n  unlessKey: [fd.num, proc.pid]')).problems[0]?.message).toContain('unlessKey has 2 fields, key has 1');
});

it('waits for as many events before as are asked for', () => {
  const { counts } = counter(`
- rule: Often before
  desc: three connections to one port, then one to another
  condition: outgoing and fd.sport=443
  key: [proc.pid]
  after: outgoing and fd.sport=80
  afterCount: 3
  within: 10s
  output: x
  priority: WARNING
`);
  const at = (time: number, port: number) => counts.count(connect(time * second, 7, '10.0.0.9', port)).length;
  expect([at(1, 80), at(2, 80), at(3, 443), at(4, 80), at(5, 443)]).toEqual([0, 0, 0, 0, 1]);
  expect([at(20, 80), at(21, 80), at(31, 80), at(32, 443)]).toEqual([0, 0, 0, 0]);
});

it('compares a shorter key of the other condition with the first fields of its own', () => {
  const { counts, problems } = counter(`
- rule: Elsewhere
  desc: a port nobody of this process asked before
  condition: outgoing and fd.sport=443
  key: [proc.pid, fd.sip]
  unless: outgoing and fd.sport=80
  unlessKey: [proc.pid]
  within: 10s
  output: x
  priority: WARNING
`);
  expect(problems).toEqual([]);
  counts.count(connect(second, 7, '10.0.0.1', 80));
  expect(counts.count(connect(2 * second, 7, '10.0.0.2', 443))).toHaveLength(0);
  expect(counts.count(connect(2 * second, 8, '10.0.0.2', 443))).toHaveLength(1);
});

it('takes two connections of one beat for one, and many at once for none', () => {
  const beacon = `
- rule: Beat
  desc: d
  condition: outgoing
  key: [proc.pid]
  within: 1h
  count: 4
  regular: {spread: 0.2, atLeast: 300ms}
  output: x
  priority: WARNING
`;
  const twice = counter(beacon).counts;
  const fired = Array.from({ length: 6 }, (_, beat) => twice.count(connect(beat * second, 7, '10.0.0.9', 443)).length + twice.count(connect(beat * second + 1e6, 7, '10.0.0.9', 443)).length);
  expect(fired).toEqual([0, 0, 0, 1, 0, 0]);
  const busy = counter(beacon).counts;
  expect(Array.from({ length: 400 }, (_, index) => busy.count(connect(index * 5e7, 7, '10.0.0.9', 443)).length).filter((count) => count > 0)).toEqual([]);
});

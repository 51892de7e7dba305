import { expect, it } from 'vitest';
import { createRuleEngine } from '../src/engine.ts';
import { loadRules } from '../src/ruleset.ts';
import { openTrace } from '../src/trace/read.ts';

// Files written for older Falcos, or for its plugins beside the syscalls.
const names = { user: () => undefined, group: () => undefined, addresses: () => [] };
const trace = [
  '{"palisade.trace":1,"origin":"1790000000000000000","hostname":"node"}',
  '{"process":{"pid":10,"ppid":1,"comm":"nginx","uid":33}}',
  '{"event":{"type":"setuid","pid":10,"res":-1,"args":{"uid":0}}}',
  '{"event":{"type":"mknod","pid":10,"res":0,"args":{"path":"/m","mode":8630,"dev":257}}}',
];

function load(content: string) {
  const reader = openTrace('trace', trace[0] ?? '');
  const context = { source: reader.source, names };
  const set = loadRules([{ name: 'old.yaml', content }], context);
  const engine = createRuleEngine(set.rules, context);
  const fired = trace.slice(1).flatMap((line) => {
    const event = reader.read(line);
    return event === undefined ? [] : engine.decide(event).map(({ name }) => name);
  });
  return { fired, problems: set.problems.map(({ severity, code }) => `${severity} ${code}`) };
}

const rule = (name: string, condition: string): string => `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: NOTICE\n`;

it('decides at its end what is asked of the beginning of a call, and says so', () => {
  expect(load(`- macro: begins\n  condition: evt.dir=>\n${rule('a', 'evt.type=setuid and evt.dir=>')}${rule('b', 'evt.type=setuid and begins and user.uid=33')}${rule('c', 'evt.type=setuid and evt.dir!=<')}`)).toEqual({ fired: ['a', 'b', 'c'], problems: ['warning deprecated', 'warning deprecated', 'warning deprecated'] });
});

it('leaves out no event for the sake of a beginning', () => {
  expect(load(`- macro: begins\n  condition: (evt.type=setuid and evt.dir=>)\n${rule('a', 'evt.type=setuid and not evt.dir=>')}${rule('b', 'evt.type=setuid and not begins')}${rule('c', 'evt.type=setuid and not not begins')}`).fired).toEqual(['a', 'b', 'c']);
});

it('skips rules of a plugin by name and takes their macros for used', () => {
  const content = `- required_plugin_versions: [{name: k8saudit, version: 0.7.0}]\n- macro: audit\n  condition: (jevt.value[/stage] in (stages))\n- list: stages\n  items: ["ResponseComplete"]\n${rule('k', 'audit and ka.verb=create')}  source: k8s_audit\n${rule('a', 'evt.type=setuid')}`;
  expect(load(content)).toEqual({ fired: ['a'], problems: ['warning source'] });
  expect(load(`${rule('k', 'ka.verb=create and (')}  source: k8s_audit\n`).problems).toEqual(['warning source', 'error condition']);
});

it('compares a raw argument that some events have as a text and others as a number', () => {
  expect(load(`${rule('a', 'evt.type=mknod and evt.rawarg.dev in (257, 258)')}${rule('b', 'evt.type=mknod and evt.rawarg.dev = 257')}${rule('c', 'evt.type=mknod and evt.rawarg.dev = 258')}`).fired).toEqual(['a', 'b']);
});

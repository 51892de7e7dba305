import { readFileSync } from 'node:fs';
import { createRuleEngine } from '@palisade/syscall-rules/engine';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { openTrace } from '@palisade/syscall-rules/trace/read';
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

  // What these machines' kernels refuse to do live, told by a trace; beside each its honest twin.
  it('tell kernel module injection and debugfs in a privileged container from a trace', () => {
    const trace = [
      '{"palisade.trace":1,"origin":"1790000000000000000","hostname":"node"}',
      '{"container":{"id":"aaaaaaaaaaaa","image":"shop/tool:1","privileged":true}}',
      '{"container":{"id":"bbbbbbbbbbbb","image":"shop/web:1","privileged":false}}',
      '{"process":{"pid":10,"ppid":1,"comm":"insmod","exe":"/sbin/insmod","container":"aaaaaaaaaaaa","capEffective":["CAP_SYS_MODULE"]}}',
      '{"process":{"pid":11,"ppid":1,"comm":"modprobe","exe":"/sbin/modprobe","capEffective":["CAP_SYS_MODULE"]}}',
      '{"event":{"type":"finit_module","pid":10,"res":0,"args":{"uargs":"","flags":0},"fd":{"num":3,"kind":"file","path":"/tmp/x.ko"}}}',
      '{"event":{"type":"finit_module","pid":11,"res":0,"args":{"uargs":"","flags":0},"fd":{"num":3,"kind":"file","path":"/lib/modules/x.ko"}}}',
      '{"event":{"type":"execve","pid":12,"res":0,"process":{"ppid":1,"comm":"debugfs","exe":"debugfs","args":["/dev/sda1"],"container":"aaaaaaaaaaaa"}}}',
      '{"event":{"type":"execve","pid":13,"res":0,"process":{"ppid":1,"comm":"debugfs","exe":"debugfs","args":["-V"],"container":"bbbbbbbbbbbb"}}}',
    ];
    const reader = openTrace('trace', trace[0] ?? '');
    const context = { source: reader.source, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
    const { rules } = loadRules([{ name: 'falco_rules.yaml', content: readFileSync(dataPath('falco/falco_rules.yaml'), 'utf8') }], context);
    const engine = createRuleEngine(rules, context);
    const fired = trace.slice(1).flatMap((line) => {
      const event = reader.read(line);
      return event === undefined ? [] : engine.decide(event).map((rule) => `${rule.name} ${event.process.pid}`);
    });
    expect(fired).toEqual(['Linux Kernel Module Injection Detected 10', 'Debugfs Launched in Privileged Container 12']);
  });
});

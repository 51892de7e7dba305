import { expect, it } from 'vitest';
import { bareContext, load } from '../src/commands/rules/load.ts';
import { unrecordedProblems } from '../src/commands/rules/unrecorded.ts';

const check = (condition: string): readonly string[] => unrecordedProblems(load([{ name: 'x.yaml', content: `- rule: r\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n` }], bareContext)).map(({ message }) => message);

it('says which arguments and events no live event has', () => {
  expect(check('evt.type=execve and evt.arg.vm_size exists')).toEqual(['field "evt.arg.vm_size" is empty in live events of this rule: the sensor does not record it']);
  expect(check('evt.type in (accept, accept4) and evt.arg.queuelen = "1"')[0]).toContain('evt.arg.queuelen');
  expect(check('evt.type=mprotect and evt.arg.prot contains PROT_EXEC')).toEqual(['the sensor does not record mprotect: the rule is silent on live events']);
});

it('is silent about what one of the events has', () => {
  expect(check('evt.type in (open, openat, openat2) and evt.arg.mode exists and evt.arg.flags contains O_CREAT')).toEqual([]);
  expect(check('evt.type in (execve, connect, renameat) and (evt.arg.exe = a or evt.rawarg.res = -1 or evt.arg.tuple contains 1 or evt.arg.newpath = /x or evt.arg.fd exists)')).toEqual([]);
});

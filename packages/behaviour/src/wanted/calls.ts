import { failed, succeeded } from '@palisade/syscall-rules/compile/event-class';
import type { ConditionNode } from '@palisade/syscall-rules/condition/ast';
import { eventTypeByName, eventTypes } from '@palisade/syscall-rules/event-types/table';
import { syscalls } from '../decode.gen.ts';
import type { Assumption, Known, Outcome } from '@palisade/syscall-rules/compile/assumption';
import { outcomeOf } from '@palisade/syscall-rules/compile/assumption';
import type { Prefixes } from './prefixes.ts';
import { prefixesOf } from './prefixes.ts';

/** One syscall to record, in the words of the warden's client. */
export type NeededCall = { readonly name: string; readonly failed: boolean; readonly reads: boolean | 'prefixes' };

/** A rule that waits for events nobody records: silent on a live node, in whole or for these event types. */
export type SilentRule = { readonly rule: string; readonly types: readonly string[]; readonly wholly: boolean };

export type Needs = { readonly calls: readonly NeededCall[]; readonly prefixes: readonly string[]; readonly silent: readonly SilentRule[] };

export type NeedingRule = { readonly name: string; readonly condition: ConditionNode; readonly eventTypes: readonly number[] };

/** What is recorded whatever the rules say: the flight recorder's set, beside exec, fork, exit and DNS. */
export const baseCalls: readonly string[] = ['connect', 'accept', 'accept4', 'listen', 'open', 'openat', 'openat2', 'creat', 'rename', 'renameat', 'renameat2', 'setuid', 'setreuid', 'setresuid'];

/** Longest prefix the kernel side compares, and most of them (sensor/request.h). */
const maxPrefix = 128;
const maxPrefixes = 1024;

const schedulerTypes = new Set(['execve', 'execveat', 'clone', 'clone3', 'fork', 'vfork', 'procexit', 'dns', 'container']);
const callsOfType = (type: string): string => (type === 'umount2' ? 'umount' : type);
const recordable = new Set(syscalls.map((syscall) => syscall.name));
const opens = new Set(['open', 'openat', 'openat2']);
const makesFd = new Set(syscalls.filter((syscall) => syscall.returnsFd).map((syscall) => syscall.name));

const noFd: Readonly<Record<string, Known>> = { 'fd.num': { min: -1, max: -1 } };
const someFd: Readonly<Record<string, Known>> = { 'fd.num': { min: 0, max: Number.POSITIVE_INFINITY } };
const opensToRead: Readonly<Record<string, Known>> = { ...succeeded, ...someFd, 'evt.is_open_read': true, 'evt.is_open_write': false };
// A connect that does not wait is always recorded: this is how it succeeds.
const notWaiting: Readonly<Record<string, Known>> = { ...failed, 'evt.res': { begins: 'EX' } };

/** What the sensor must record so that every rule sees the events it can be true for, and nothing beyond. */
export function needsOf(rules: readonly NeedingRule[]): Needs {
  const needed = new Map<string, { failed: boolean; reads: boolean | 'prefixes' }>(baseCalls.map((name) => [name, { failed: false, reads: false }]));
  const silent: SilentRule[] = [];
  const prefixes = new Set<string>();
  let anyPath = false;
  for (const rule of rules) {
    const names = rule.eventTypes.map((id) => eventTypes[id]?.name ?? '');
    const missing = names.filter((name) => !schedulerTypes.has(name) && !recordable.has(callsOfType(name)));
    // A rule about every event there is means those that can be had.
    if (missing.length > 0 && (names.length <= 40 || missing.length === names.length)) silent.push({ rule: rule.name, types: missing, wholly: missing.length === names.length });
    for (const type of names) {
      const name = callsOfType(type);
      if (schedulerTypes.has(type) || !recordable.has(name)) continue;
      const call = needed.get(name) ?? { failed: false, reads: false };
      needed.set(name, call);
      call.failed ||= possible(rule, type, { ...(type === 'connect' ? notWaiting : failed), ...(makesFd.has(name) ? noFd : {}) });
      if (!opens.has(name) || anyPath) continue;
      const wanted = readsOf(rule, type);
      if (wanted === undefined || [...wanted].some((prefix) => Buffer.byteLength(prefix) > maxPrefix)) anyPath = true;
      else for (const prefix of wanted) prefixes.add(prefix);
      anyPath ||= prefixes.size > maxPrefixes;
    }
  }
  const reads = anyPath ? true : prefixes.size > 0 ? ('prefixes' as const) : false;
  for (const name of opens) {
    const call = needed.get(name);
    if (call !== undefined) call.reads = reads;
  }
  return { calls: [...needed].map(([name, call]) => ({ name, ...call })), prefixes: reads === 'prefixes' ? outermost(prefixes) : [], silent };
}

function possible(rule: NeedingRule, type: string, fields: Readonly<Record<string, Known>>): boolean {
  return outcomeOf(rule.condition, { type: eventTypeByName.get(type)?.id ?? -1, fields }, new Map()).canBeTrue;
}

function readsOf(rule: NeedingRule, type: string): Prefixes {
  const assumed: Assumption = { type: eventTypeByName.get(type)?.id ?? -1, fields: opensToRead };
  return prefixesOf(rule.condition, assumed, new Map<ConditionNode, Outcome>());
}

/** Without those that another one covers. */
function outermost(prefixes: ReadonlySet<string>): readonly string[] {
  return [...prefixes].filter((prefix) => ![...prefixes].some((other) => other !== prefix && covers(other, prefix))).sort();
}

function covers(wide: string, narrow: string): boolean {
  return wide.startsWith('*') ? narrow.includes(wide.slice(1)) : narrow.startsWith(wide);
}

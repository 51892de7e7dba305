import type { SensorRecord } from '@palisade/behaviour/decode';
import { stringsOf, textOf } from '@palisade/behaviour/decode';
import { tags } from '@palisade/behaviour/decode.gen';
import type { LiveProcess } from '@palisade/behaviour/process/live-process';
import type { Recorder } from '@palisade/behaviour/recorder/recorder';
import type { Text } from '@palisade/model/text';
import { wallClock } from '@palisade/syscall-rules/fields/clock';
import type { EventSource } from '@palisade/syscall-rules/event';
import { hostContainer } from '@palisade/syscall-rules/event';
import { placeOf } from '../response/place-of.ts';
import type { Match } from './detections.ts';
import { branchOf, cut, recordingOf } from './match.ts';

/** An exec that the kernel denied before its first instruction, as a match: it is told like any other detection. */
export function deniedMatch(record: SensorRecord, process: LiveProcess | undefined, asker: { readonly policy: string; readonly rule: string } | undefined, source: EventSource, recorder: Recorder): Match {
  const { header } = record;
  const path = textOf(record, tags.exe) ?? '';
  const command = (stringsOf(record, tags.argv) ?? []).join(' ');
  // Where the guard's word comes first, what is known of the process is still the program before.
  const container = process?.slot.container ?? { ...hostContainer, id: header.container };
  const inContainer = header.container !== '';
  const place = inContainer ? placeOf(container, '') : { cluster: '' };
  const what = (en: string, zh: string): Text => ({ en, 'zh-CN': zh });
  const rule = 'Denied program';
  const { time } = header;
  return {
    at: Number(wallClock(time, source.origin) / 1_000_000n), key: JSON.stringify([path, asker?.policy ?? '', asker?.rule ?? '']),
    rule, ruleId: 'palisade_denied', priority: 'Warning', tags: ['container', 'mitre_execution', 'T1204'],
    ...(inContainer ? { container: container.fullId === '' ? header.container : container.fullId, containerName: cut(container.name, 300), image: cut(container.image, 500) } : {}),
    ...(container.pod === undefined ? {} : { namespace: cut(container.pod.namespace, 300), pod: cut(container.pod.name, 300) }),
    ...(place.project === undefined ? {} : { project: cut(place.project, 300) }), ...(place.workload === undefined ? {} : { workload: cut(place.workload, 300) }),
    title: what('Program denied before its first instruction', '程序在首条指令之前被拒绝'),
    what: what(`A response policy denies ${cut(path, 500)}; the kernel ended it before it did anything.`, `响应策略禁止 ${cut(path, 500)}；内核在其执行任何操作之前将其结束。`),
    remedy: what('See who tried to run it. If it belongs there, take the denial back on the page of responses or change the policy.', '查看是谁尝试运行它。若属正常用途，可在响应记录页撤销该拒绝，或修改策略。'),
    output: `Denied: ${cut(command === '' ? path : command)} (${path})`,
    fields: { 'proc.exepath': cut(path), 'proc.cmdline': cut(command), 'container.id': header.container, ...(asker === undefined ? {} : { policy: asker.policy, 'policy.rule': asker.rule }) },
    action: 'denied',
    process: { pid: header.pid, start: header.start, name: cut(header.comm, 64), path: cut(path, 4096) },
    place, facts: { rule: [rule], process: [path].filter((text) => text !== ''), parent: [], command: command === '' ? [] : [cut(command)], file: [], peer: [] },
    tree: () => (process === undefined ? [] : branchOf(process)),
    around: () => recordingOf(recorder, header.container === '' ? 'host' : header.container, time),
  };
}

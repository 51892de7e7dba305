import type { LiveEvent } from '@palisade/behaviour/event/live-event';
import type { Recorder } from '@palisade/behaviour/recorder/recorder';
import type { Around, TreeProcess } from '@palisade/model/detection';
import type { Text } from '@palisade/model/text';
import type { RuleText } from '@palisade/syscall-rules/documents/texts';
import type { EventSource, Process } from '@palisade/syscall-rules/event';
import { alertOf } from '@palisade/syscall-rules/output/alert';
import type { Rule } from '@palisade/syscall-rules/rule';
import { wallClock } from '@palisade/syscall-rules/fields/clock';
import { factsOf, placeOf } from '../response/place-of.ts';
import type { Match } from './detections.ts';

/** A rule's words in both languages. */
export type RuleWords = { readonly en: RuleText; readonly 'zh-CN': RuleText };

/** Ancestors shown, events sent and characters of one text: a page holds no more, and a hostile process chooses them. */
const limits = { ancestors: 32, events: 300, text: 2000 } as const;
const seconds = { before: 60, after: 5 } as const;

export const cut = (text: string, length: number = limits.text): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

/** Takes everything a detection needs out of the event, which the next record reuses. */
export function matchOf(rule: Pick<Rule, 'name' | 'id' | 'priority' | 'tags' | 'output' | 'desc'>, event: LiveEvent, source: EventSource, recorder: Recorder, words: RuleWords | undefined, finish: (text: string) => string = (text) => text): Match {
  const { process } = event;
  const { container } = process;
  const alert = alertOf(rule, event, source);
  const time = event.time;
  const host = container.id === 'host';
  const place = placeOf(container, '');
  const texts = (part: keyof RuleText): Text => ({ en: words?.en[part] ?? '', 'zh-CN': words?.['zh-CN'][part] ?? '' });
  return {
    at: Number(wallClock(time, source.origin) / 1_000_000n),
    key: JSON.stringify([process.exepath, process.parent?.exepath ?? '', event.fd?.path ?? '', event.fd?.remote?.ip ?? '', event.fd?.remote?.port ?? 0]),
    rule: cut(rule.name, 500), ruleId: cut(rule.id, 500), priority: rule.priority, tags: [...rule.tags].slice(0, 100).map((tag) => cut(tag, 200)),
    ...(host ? {} : { container: container.fullId === '' ? container.id : container.fullId, containerName: cut(container.name, 300), image: cut(container.image, 500) }),
    ...(container.pod === undefined ? {} : { namespace: cut(container.pod.namespace, 300), pod: cut(container.pod.name, 300) }),
    title: words === undefined ? { en: rule.name, 'zh-CN': rule.name } : texts('title'),
    ...(words === undefined ? (rule.desc === '' ? {} : { what: { en: cut(rule.desc), 'zh-CN': cut(rule.desc) } }) : { what: texts('what'), why: texts('why'), remedy: texts('remedy') }),
    output: cut(finish(alert.output), 10_000),
    fields: Object.fromEntries(Object.entries(alert.output_fields).slice(0, 100).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : typeof value === 'string' ? cut(value) : value])),
    action: 'alerted',
    process: { pid: process.pid, start: process.start, name: cut(process.comm, 64), path: cut(process.exepath, 4096) },
    place, facts: factsOf(rule, event),
    ...(place.project === undefined ? {} : { project: cut(place.project, 300) }), ...(place.workload === undefined ? {} : { workload: cut(place.workload, 300) }),
    tree: () => branchOf(process),
    around: () => recordingOf(recorder, container.id, time),
  };
}

/** The process and those it came from, the first one first. */
export function branchOf(process: Process): TreeProcess[] {
  const branch: TreeProcess[] = [];
  for (let at: Process | undefined = process; at !== undefined && branch.length < limits.ancestors; at = at.parent) {
    const { container } = at;
    branch.unshift({
      pid: at.pid, start: at.start, parent: at.ppid, name: cut(at.comm, 64), path: cut(at.exepath, 4096), command: cut([at.exe, ...at.args].join(' ')), user: at.uid, guilty: true,
      ...(container.id === 'host' ? {} : { container: container.fullId === '' ? container.id : container.fullId }),
    });
  }
  return branch;
}

/** What the recorder holds around a moment; of too many events those nearest to it. */
export function recordingOf(recorder: Recorder, container: string, time: number, span: { readonly before: number; readonly after: number } = seconds): Around {
  const recording = recorder.around(container, time, span.before, span.after);
  const near = recording.events.length <= limits.events ? recording.events : [...recording.events].sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time)).slice(0, limits.events).sort((a, b) => a.time - b.time);
  return {
    secondsBefore: recording.secondsBefore, secondsAfter: recording.secondsAfter, dropped: recording.dropped, left: recording.events.length - near.length,
    events: near.map(({ time: moment, arguments: words, addresses, ...event }) => ({
      ...event, offset: (moment - time) / 1e9,
      ...(event.path === undefined ? {} : { path: cut(event.path) }), ...(event.target === undefined ? {} : { target: cut(event.target) }),
      ...(words === undefined ? {} : { arguments: words.slice(0, 32).map((text) => cut(text, 500)) }), ...(addresses === undefined ? {} : { addresses: addresses.slice(0, 16) }),
    })),
  };
}

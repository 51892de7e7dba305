import type { EventPlace } from '@palisade/verdict/response/place';
import type { Container, Event, Process } from '@palisade/syscall-rules/event';

/** Where a container is, in the words of policies; on the node itself only the cluster is known. */
export function placeOf(container: Container, cluster: string): EventPlace {
  if (container.id === 'host') return { cluster };
  const { labels } = container;
  return {
    cluster, container: container.name === '' ? container.id : container.name,
    ...(container.image === '' ? {} : { image: container.image }),
    ...optional('namespace', container.pod?.namespace ?? labels['io.kubernetes.pod.namespace']),
    ...optional('project', labels['com.docker.compose.project']),
    ...optional('workload', labels['com.docker.compose.service'] ?? labels['io.kubernetes.container.name']),
  };
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
}

/** Longest text a waiver may match: a hostile process chooses it. */
const most = 4096;
const cut = (text: string): string => text.slice(0, most);

/** What a waiver of a runtime rule may match of an event, each by its spellings. */
export function factsOf(rule: { readonly name: string; readonly id: string }, event: Pick<Event, 'process' | 'fd' | 'path'>): Record<'rule' | 'process' | 'parent' | 'command' | 'file' | 'peer', string[]> {
  const { process, fd } = event;
  const names = (one: Process | undefined): string[] => (one === undefined ? [] : distinct([one.exepath, one.comm]));
  const remote = fd?.remote;
  return {
    rule: distinct([rule.name, rule.id]), process: names(process), parent: names(process.parent), command: distinct([[process.exe, ...process.args].join(' ')]),
    file: distinct([fd?.path ?? '', event.path('path') ?? '', event.path('name') ?? '']), peer: remote === undefined ? [] : distinct([`${remote.ip}:${remote.port}`, remote.ip]),
  };
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text) => text !== '').map(cut))];
}

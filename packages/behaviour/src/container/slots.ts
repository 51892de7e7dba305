import type { Container } from '@palisade/syscall-rules/event';
import { hostContainer } from '@palisade/syscall-rules/event';

/**
 * Where a process runs. Processes hold the slot, so that what the engine tells later about a container is true for
 * all of them at once. `known`: the engine (or nobody, on the host) has told all there is.
 */
export type Slot = {
  readonly id: string;
  container: Container;
  known: boolean;
  /** First record seen, ns since boot. */
  readonly since: number;
  /** A process of it that was there a moment ago: the way to its files. */
  pid: number;
  /** Its first process, which lives as long as it does. */
  init: number;
};

export type Slots = {
  readonly host: Slot;
  /** By the cgroup id every record carries; `name` is asked once per cgroup and gives the twelve characters, or "". */
  of(cgroup: number, time: number, name: () => string): Slot;
  get(id: string): Slot | undefined;
  /** The engine's description. May come before the first record of the container. */
  describe(container: Container): void;
  /** The container is gone: kept a while, since its last records and alerts may still be on their way. */
  remove(id: string): void;
  /** Containers seen and never described. */
  unknown(): readonly string[];
  readonly size: number;
};

/** Containers kept; beyond, removed ones go first, then the oldest. Each takes some kilobytes with its labels. */
const maxContainers = 4096;
const maxGroups = 16_384;

/** `onUnknown` is called once for each container that shows up before its description, `onDropped` when one is forgotten. */
export function createSlots(onUnknown: (id: string) => void, onDropped: (id: string) => void = () => undefined): Slots {
  const host: Slot = { id: 'host', container: hostContainer, known: true, since: 0, pid: 1, init: 1 };
  const byGroup = new Map<number, Slot>();
  const byId = new Map<string, Slot>();
  const removed = new Set<string>();

  function make(id: string, container: Container, known: boolean, time: number): Slot {
    if (byId.size >= maxContainers) drop(removed.values().next().value ?? (byId.keys().next().value as string));
    const slot: Slot = { id, container, known, since: time, pid: 0, init: 0 };
    byId.set(id, slot);
    return slot;
  }

  function drop(id: string): void {
    const slot = byId.get(id);
    byId.delete(id);
    removed.delete(id);
    onDropped(id);
    for (const [group, other] of byGroup) if (other === slot) byGroup.delete(group);
  }

  return {
    host,
    of(cgroup, time, name) {
      const found = byGroup.get(cgroup);
      if (found !== undefined) return found;
      const id = name();
      let slot = id === '' ? host : byId.get(id);
      if (slot === undefined) {
        slot = make(id, { ...hostContainer, id, name: '', type: '' }, false, time);
        onUnknown(id);
      }
      if (byGroup.size >= maxGroups) byGroup.clear();
      byGroup.set(cgroup, slot);
      return slot;
    },
    get: (id) => (id === 'host' ? host : byId.get(id)),
    describe(container) {
      const slot = byId.get(container.id) ?? make(container.id, container, true, 0);
      slot.container = container;
      slot.known = true;
    },
    remove(id) {
      if (!byId.has(id)) return;
      removed.add(id);
      if (removed.size > 256) drop(removed.values().next().value as string);
    },
    unknown: () => [...byId.values()].filter((slot) => !slot.known).map((slot) => slot.id),
    get size() {
      return byId.size;
    },
  };
}

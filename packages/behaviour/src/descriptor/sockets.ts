import type { SocketMemory } from './fd-of.ts';

/**
 * Who opened which connection, by the socket's inode: connect makes a client, accept and listen a server. The kernel's
 * socket does not tell, and rules ask at a later dup or exec.
 */
export type Sockets = { get(ino: number): SocketMemory | undefined; put(ino: number, memory: SocketMemory): void };

/** Closes are not recorded: the oldest are forgotten. 100 bytes each. */
const maxSockets = 32_768;

export function createSockets(): Sockets {
  const known = new Map<number, SocketMemory>();
  return {
    get: (ino) => known.get(ino),
    put(ino, memory) {
      const before = known.get(ino);
      if (ino === 0 || (before !== undefined && before.role === memory.role && before.path === memory.path)) return;
      known.delete(ino);
      if (known.size >= maxSockets) known.delete(known.keys().next().value as number);
      known.set(ino, memory);
    },
  };
}

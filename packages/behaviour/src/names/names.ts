import type { Container, Names } from '@palisade/syscall-rules/event';
import { parseGroup, parseHosts, parsePasswd } from './passwd.ts';
import type { UserEntry } from './passwd.ts';

/** Reads a file of a container (or of the host, for "host"); undefined where it has none or it can't be read. */
export type ReadFile = (container: string, path: '/etc/passwd' | '/etc/group' | '/etc/hosts') => string | undefined;

export type NameService = Names & {
  /** An answer that passed over the wire: the rules' host names follow what the container itself was told. */
  resolved(host: string, addresses: readonly string[]): void;
  /** Files of a container are read anew at the next question. */
  forget(container: string): void;
};

/** Files are read again after so many ms: users are added at run time. */
const fresh = 30_000;
const maxHosts = 8192;
const maxAddresses = 64;

type Files = { readonly at: number; readonly users: ReadonlyMap<number, UserEntry>; readonly groups: ReadonlyMap<number, string> };

/** Names from the container's own files, or the host's. `now` in ms. */
export function createNames(read: ReadFile, now: () => number): NameService {
  const files = new Map<string, Files>();
  const observed = new Map<string, readonly string[]>();
  let hosts: { readonly at: number; readonly byName: ReadonlyMap<string, readonly string[]> } | undefined;
  const local = new Map<string, ReadonlyMap<string, readonly string[]>>();

  function of(container: string): Files {
    const known = files.get(container);
    if (known !== undefined && now() - known.at < fresh) return known;
    const next: Files = { at: now(), users: parsePasswd(read(container, '/etc/passwd') ?? ''), groups: parseGroup(read(container, '/etc/group') ?? '') };
    // A container that has ended can't be read any more: what it had stays known.
    if (next.users.size === 0 && known !== undefined) return known;
    if (files.size > 1024) files.clear();
    files.set(container, next);
    return next;
  }

  function hostFile(): ReadonlyMap<string, readonly string[]> {
    if (hosts === undefined || now() - hosts.at > fresh) hosts = { at: now(), byName: parseHosts(read('host', '/etc/hosts') ?? '') };
    return hosts.byName;
  }

  return {
    user: (uid: number, container: Container) => of(container.id).users.get(uid),
    group: (gid: number, container: Container) => of(container.id).groups.get(gid),
    addresses(host: string, container?: Container) {
      const name = host.toLowerCase();
      let own: ReadonlyMap<string, readonly string[]> | undefined;
      if (container !== undefined && container.id !== 'host') {
        own = local.get(container.id);
        if (own === undefined) {
          const text = read(container.id, '/etc/hosts');
          own = parseHosts(text ?? '');
          if (local.size > 1024) local.clear();
          if (text !== undefined) local.set(container.id, own);
        }
      }
      return [...(own?.get(name) ?? hostFile().get(name) ?? []), ...(observed.get(name) ?? [])];
    },
    resolved(host, addresses) {
      const name = host.toLowerCase().replace(/\.$/, '');
      const before = observed.get(name) ?? [];
      observed.delete(name);
      if (observed.size >= maxHosts) observed.delete(observed.keys().next().value as string);
      observed.set(name, [...new Set([...addresses, ...before])].slice(0, maxAddresses));
    },
    forget(container) {
      files.delete(container);
      local.delete(container);
    },
  };
}

export type UserEntry = { readonly name: string; readonly home: string; readonly shell: string };

/** Lines read of a passwd or group file: images are strangers', and a node has no more users than this. */
const maxLines = 10_000;

/** /etc/passwd by uid; of several lines with one uid the first counts, as with getpwuid. */
export function parsePasswd(text: string): ReadonlyMap<number, UserEntry> {
  const users = new Map<number, UserEntry>();
  for (const line of text.split('\n', maxLines)) {
    const [name = '', , uid = '', , , home = '', shell = ''] = line.split(':');
    if (name !== '' && /^\d{1,10}$/.test(uid) && !users.has(Number(uid))) users.set(Number(uid), { name, home, shell });
  }
  return users;
}

/** /etc/group by gid. */
export function parseGroup(text: string): ReadonlyMap<number, string> {
  const groups = new Map<number, string>();
  for (const line of text.split('\n', maxLines)) {
    const [name = '', , gid = ''] = line.split(':');
    if (name !== '' && /^\d{1,10}$/.test(gid) && !groups.has(Number(gid))) groups.set(Number(gid), name);
  }
  return groups;
}

/** /etc/hosts: addresses by name, lower case. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n', maxLines)) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (!/^[0-9a-fA-F.:]+$/.test(address)) continue;
    for (const name of names) hosts.set(name.toLowerCase(), [...(hosts.get(name.toLowerCase()) ?? []), address]);
  }
  return hosts;
}

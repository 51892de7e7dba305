type Ours = { readonly packages: readonly { readonly purl: string; readonly name: string; readonly version: string; readonly paths: readonly string[]; readonly removed?: string; readonly dev?: boolean }[] };
type Syft = { readonly artifacts: readonly { readonly name: string; readonly version: string; readonly type: string; readonly purl: string; readonly locations?: readonly { readonly path: string }[] }[] };

/** Prints what Syft finds and we don't, and what we find beyond it, with the reason for each kind of extra. */
export function comparePackages(ours: Ours, syft: Syft): void {
  const mine = new Map(ours.packages.map((one) => [keyOf(one.purl, one.name, one.version), one]));
  const theirs = new Map(syft.artifacts.filter((one) => one.purl !== '').map((one) => [keyOf(one.purl, one.name, one.version), one]));
  const missing = [...theirs].filter(([key]) => !mine.has(key));
  const extra = [...mine].filter(([key]) => !theirs.has(key));
  process.stdout.write(`packages: ours ${mine.size}, syft ${theirs.size}, missing ${missing.length}, extra ${extra.length}\n`);
  for (const [key, one] of missing) process.stdout.write(`  missing: ${key} (${one.type}) ${one.locations?.map((place) => place.path).join(', ') ?? ''}\n`);
  const kinds = new Map<string, string[]>();
  for (const [key, one] of extra) {
    const kind = one.removed !== undefined ? 'deleted by a later layer' : one.dev === true ? 'a development dependency of a lock file' : 'live';
    kinds.set(kind, [...(kinds.get(kind) ?? []), `${key} ${one.paths[0] ?? ''}`]);
  }
  for (const [kind, keys] of kinds) process.stdout.write(`  extra, ${kind}: ${keys.length}\n${keys.slice(0, kind === 'live' ? 200 : 10).map((key) => `    ${key}\n`).join('')}`);
}

/** Type, name and version: qualifiers and namespaces are written in different ways. */
function keyOf(purl: string, name: string, version: string): string {
  const type = /^pkg:([^/]+)\//.exec(purl)?.[1] ?? '';
  const plain = type === 'pypi' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name.toLowerCase();
  return `${type} ${plain.replace(':', '/')} ${version}`;
}

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Io } from '../../../command.ts';
import type { RuleFolder } from './source.ts';
import { homeFolder } from '../../../home.ts';

/** manifest.json of an installed rule set; `load` is the order of its files, `files` their sha256. */
export type Manifest = {
  readonly schema: 'palisade.waf-rules/1';
  readonly source: string;
  /** What most rules say in `ver`; empty when none does. */
  readonly version: string;
  readonly rules: number;
  readonly load: readonly string[];
  readonly files: Readonly<Record<string, string>>;
};

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Where this installation keeps rule sets, one folder a version. */
export function rulesHome(io: Io): string {
  return path.join(homeFolder(io.env), 'waf', 'rules');
}

function versionOf({ ruleSet }: RuleFolder): string {
  const counts = new Map<string, number>();
  for (const entries of ruleSet.phases.values()) for (const entry of entries) if (entry.kind === 'rule' && entry.ver !== '') counts.set(entry.ver, (counts.get(entry.ver) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}

/** Writes the set beside the others and renames it into place, so that no reader sees half of it. */
export function keep(home: string, source: string, folder: RuleFolder): { readonly target: string; readonly manifest: Manifest; readonly fresh: boolean } {
  const files = Object.fromEntries([...folder.content].map(([name, bytes]) => [name, sha256(bytes)] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
  const manifest: Manifest = { schema: 'palisade.waf-rules/1', source, version: versionOf(folder), rules: folder.ruleSet.count, load: folder.load, files };
  const target = path.join(home, sha256(JSON.stringify([folder.load, files])).slice(0, 16));
  if (existsSync(target) && damage(target) === undefined) return { target, manifest, fresh: false };
  mkdirSync(home, { recursive: true });
  const incoming = mkdtempSync(path.join(home, '.incoming-'));
  try {
    for (const [name, bytes] of folder.content) {
      const file = path.join(incoming, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes, { flush: true });
    }
    writeFileSync(path.join(incoming, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`, { flush: true });
    rmSync(target, { recursive: true, force: true }); // only ever a damaged copy of the same content
    renameSync(incoming, target);
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
  return { target, manifest, fresh: true };
}

function manifestOf(target: string): Manifest {
  return JSON.parse(readFileSync(path.join(target, 'manifest.json'), 'utf8')) as Manifest;
}

/** The first file of an installed set that is missing or not what the manifest says; undefined when all are whole. */
export function damage(target: string): string | undefined {
  try {
    for (const [name, digest] of Object.entries(manifestOf(target).files)) if (!existsSync(path.join(target, name)) || sha256(readFileSync(path.join(target, name))) !== digest) return name;
    return undefined;
  } catch {
    return 'manifest.json';
  }
}

/** Installed sets, by name of their folder; `manifest` is missing where it can't be read. */
export function kept(home: string): { readonly id: string; readonly damaged: string | undefined; readonly manifest: Manifest | undefined }[] {
  if (!existsSync(home)) return [];
  return readdirSync(home).filter((id) => /^[0-9a-f]{16}$/.test(id)).sort().map((id) => {
    const damaged = damage(path.join(home, id));
    return { id, damaged, manifest: damaged === 'manifest.json' ? undefined : manifestOf(path.join(home, id)) };
  });
}

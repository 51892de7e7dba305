import { existsSync, globSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { loadRules } from '@palisade/waf/load';
import type { RuleSet } from '@palisade/waf/load';
import { UsageError } from '../../../command.ts';

const maxFiles = 2000;
const maxFileBytes = 16 * 1024 * 1024;

/** Rule files by their name inside the set: `load` in the order they are loaded, `content` with all that they read. */
export type RuleFolder = { readonly load: readonly string[]; readonly content: ReadonlyMap<string, Buffer>; readonly ruleSet: RuleSet };

const setups = ['crs-setup.conf', 'crs-setup.conf.example'];
const debian = { rules: '/usr/share/modsecurity-crs/rules', settings: '/etc/modsecurity/crs' };

/** Name inside the set and place on disk of each file that is loaded, in order. */
type Listed = (readonly [name: string, file: string])[];

function folderFiles(folder: string): Listed {
  const setup = setups.find((name) => existsSync(path.join(folder, name)));
  const inner = existsSync(path.join(folder, 'rules'));
  const names = globSync(inner ? 'rules/*.conf' : '*.conf', { cwd: folder }).filter((name) => name !== setup).sort();
  return [...(setup === undefined ? [] : [setup]), ...names].map((name) => [name, path.join(folder, name)] as const);
}

/** The Debian package keeps settings and exclusions under /etc; in the set they lie where upstream has them. */
function debianFiles(): Listed {
  if (!existsSync(debian.rules)) throw new UsageError(`${debian.rules}: the package modsecurity-crs is not installed here`);
  const exclusions = globSync('RE*.conf', { cwd: debian.settings }).map((name) => [`rules/${name}`, path.join(debian.settings, name)] as const);
  const rules = globSync('*.conf', { cwd: debian.rules }).map((name) => [`rules/${name}`, path.join(debian.rules, name)] as const);
  return [['crs-setup.conf', path.join(debian.settings, 'crs-setup.conf')], ...[...exclusions, ...rules].sort(([a], [b]) => (a < b ? -1 : 1))];
}

function readLimited(file: string): Buffer {
  const state = statSync(file, { throwIfNoEntry: false });
  if (state === undefined) throw new UsageError(`${file}: no such file`);
  if (!state.isFile()) throw new UsageError(`${file}: not a file`);
  if (state.size > maxFileBytes) throw new UsageError(`${file}: larger than ${maxFileBytes} bytes`);
  return readFileSync(file);
}

/**
 * Reads and checks the rules at `given` (a file, a folder as CRS ships it, or `deb` for the installed Debian package).
 * What the rules read must lie within: a set that depends on files elsewhere changes without its version changing.
 */
export function readRuleFolder(given: string, cwd: string): RuleFolder {
  const full = path.resolve(cwd, given);
  const state = given === 'deb' ? undefined : statSync(full, { throwIfNoEntry: false });
  if (given !== 'deb' && state === undefined) throw new UsageError(`${given}: no such file or folder`);
  const listed = state === undefined ? debianFiles() : state.isDirectory() ? folderFiles(full) : [[path.basename(full), full] as const];
  if (listed.length === 0) throw new UsageError(`${given}: no rule file (*.conf)`);
  const root = state === undefined ? path.dirname(debian.rules) : realpathSync(state.isDirectory() ? full : path.dirname(full));
  const places = new Map<string, string>(listed);
  const content = new Map<string, Buffer>();
  const bytes = (name: string): Buffer => {
    const known = content.get(name);
    if (known !== undefined) return known;
    if (content.size >= maxFiles) throw new UsageError(`${given}: more than ${maxFiles} files`);
    const file = places.get(name) ?? path.join(root, name);
    const real = existsSync(file) ? realpathSync(file) : file;
    if (!places.has(name) && path.relative(root, real).startsWith('..')) throw new UsageError(`${name}: lies outside ${given}`);
    const read = readLimited(file);
    content.set(name, read);
    return read;
  };
  const globbed = new Set<string>(); // already named from the root, unlike what rules write
  const inside = (name: string, from: string): string => {
    if (globbed.has(name)) return name;
    const joined = path.isAbsolute(name) ? path.relative(root, name) : path.join(path.dirname(from), name);
    if (joined.startsWith('..')) throw new Error(`${name}: lies outside the rule set`);
    if (path.isAbsolute(name)) throw new Error(`${name}: an absolute path would not follow the copy`);
    return joined;
  };
  const { ruleSet, problems } = loadRules(listed.map(([name]) => ({ name, text: bytes(name).toString('latin1') })), {
    read: (name, from) => bytes(inside(name, from)).toString('latin1'),
    glob(pattern, from) {
      const names = globSync(inside(pattern, from), { cwd: root }).sort();
      for (const name of names) globbed.add(name);
      return names;
    },
  });
  if (problems.length > 0) throw new UsageError(`the rules do not load:\n${problems.map(({ file, line, message }) => `  ${file}:${line}: ${message}`).join('\n')}`);
  if (ruleSet.count === 0) throw new UsageError(`${given}: no rule in its files`);
  return { load: listed.map(([name]) => name), content, ruleSet };
}

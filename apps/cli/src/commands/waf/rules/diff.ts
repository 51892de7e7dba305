import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readDirectives } from '@palisade/waf/seclang/directives';
import type { Directive } from '@palisade/waf/seclang/directives';
import { UsageError } from '../../../command.ts';
import { kept } from './store.ts';
import type { Manifest } from './store.ts';

type Read = { readonly targets: string; readonly operator: string; readonly actions: string; readonly msg: string };
type Installed = { readonly rules: ReadonlyMap<number, Read>; readonly manifest: Manifest; readonly id: string };

/** What differs between two installed rule sets, by rule id, one line each. Ids may be cut short as long as they name one. Throws UsageError. */
export function diffRules(home: string, from: string, to: string): string[] {
  const [before, after] = [installed(home, from), installed(home, to)];
  const lines: string[] = [];
  for (const id of [...new Set([...before.rules.keys(), ...after.rules.keys()])].sort((a, b) => a - b)) {
    const [old, now] = [before.rules.get(id), after.rules.get(id)];
    if (old === undefined) lines.push(`+ ${id} ${now!.msg}`.trimEnd());
    else if (now === undefined) lines.push(`- ${id} ${old.msg}`.trimEnd());
    else {
      const parts = (['targets', 'operator', 'actions'] as const).filter((part) => old[part] !== now[part]);
      if (parts.length > 0) lines.push(`~ ${id} ${parts.join(', ')}${now.msg === '' ? '' : `: ${now.msg}`}`);
    }
  }
  const names = new Set([...Object.keys(before.manifest.files), ...Object.keys(after.manifest.files)]);
  for (const name of [...names].filter((one) => !one.endsWith('.conf') && !one.endsWith('.conf.example')).sort()) {
    const [old, now] = [before.manifest.files[name], after.manifest.files[name]];
    if (old !== now) lines.push(`${old === undefined ? '+' : now === undefined ? '-' : '~'} ${name}`);
  }
  return lines;
}

const actionsOf = ({ name, args }: Directive): string => (/^SecAction$/i.test(name) ? args[0] : args[2]) ?? '';

function installed(home: string, wanted: string): Installed {
  const found = kept(home).filter(({ id }) => id.startsWith(wanted));
  const [one] = found;
  if (one === undefined || found.length > 1) throw new UsageError(found.length > 1 ? `${wanted} begins the ids of ${found.length} rule sets` : `no rule set ${wanted} in ${home}`);
  if (one.damaged !== undefined || one.manifest === undefined) throw new UsageError(`rule set ${one.id} is damaged: ${one.damaged ?? 'manifest.json'}`);
  const rules = new Map<number, Read>();
  const files = Object.keys(one.manifest.files).filter((name) => name.endsWith('.conf') || name.endsWith('.conf.example'));
  for (const name of files) {
    const directives = readDirectives(readFileSync(path.join(home, one.id, name), 'latin1'), name, [], []);
    for (let at = 0; at < directives.length; at += 1) {
      const links = [directives[at]!];
      while (/(?:^|,)\s*chain\b/.test(actionsOf(links.at(-1)!)) && directives[at + 1] !== undefined) links.push(directives[(at += 1)]!);
      const [first] = links;
      if (first === undefined || !/^Sec(?:Rule|Action)$/i.test(first.name)) continue;
      const actions = actionsOf(first);
      const id = /(?:^|,)\s*id:'?(\d+)/.exec(actions);
      if (id === null) continue;
      const part = (index: number): string => links.map(({ args }) => (args.length > 1 ? (args[index] ?? '') : '')).join('\n');
      // A new version number alone is no change of a rule.
      rules.set(Number(id[1]), { targets: part(0), operator: part(1), actions: links.map((link) => actionsOf(link).replace(/(^|,)\s*ver:'[^']*'/, '')).join('\n'), msg: /(?:^|,)\s*msg:'((?:[^'\\]|\\.)*)'/.exec(actions)?.[1] ?? '' });
    }
  }
  return { rules, manifest: one.manifest, id: one.id };
}

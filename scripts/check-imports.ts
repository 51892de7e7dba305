import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

// The house's walls: which room may import which. packages/* may import model and what stands here;
// apps wire everything, but nothing imports an app except test code.
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  version: [],
  engine: [],
  image: ['engine'],
  catalog: ['image'],
  advisory: ['version'],
  inspect: ['image'],
  verdict: ['version'],
  report: [],
  'syscall-rules': [],
  behaviour: ['syscall-rules'],
  waf: [],
  incident: [],
};

const root = path.resolve(import.meta.dirname, '..');
const importPattern = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;
const problems: string[] = [];
let files = 0;

for (const file of globSync('{packages,apps}/*/{src,test}/**/*.{ts,tsx}', { cwd: root })) {
  files += 1;
  const [kind, room, part] = file.split(path.sep) as [string, string, string];
  const text = readFileSync(path.join(root, file), 'utf8');
  for (const match of text.matchAll(importPattern)) {
    const target = match[1] ?? '';
    const line = text.slice(0, match.index).split('\n').length;
    const problem = judge(kind, room, part, file, target);
    if (problem !== undefined) problems.push(`${file}:${line}: ${problem}`);
  }
}

function judge(kind: string, room: string, part: string, file: string, target: string): string | undefined {
  if (target.startsWith('.')) {
    const resolved = path.relative(root, path.resolve(root, path.dirname(file), target));
    const [otherKind, otherRoom] = resolved.split(path.sep);
    const inside = otherKind === kind && otherRoom === room;
    if (inside || (part === 'test' && otherKind === 'test')) return undefined;
    return `relative import leaves the room: ${target}`;
  }
  if (!target.startsWith('@palisade/')) return undefined;
  const name = target.split('/')[1] ?? '';
  if (name === room && kind === 'packages') return undefined;
  if (name.startsWith('app-')) {
    return kind === 'apps' ? undefined : `a package imports an app: ${target}`;
  }
  if (kind === 'apps' || part === 'test') return undefined;
  if (name === 'model' || (allowed[room] ?? []).includes(name)) return undefined;
  return `${room} may import only model${(allowed[room] ?? []).map((other) => ` and ${other}`).join('')}: ${target}`;
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`import direction: ${files} files, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 && files > 0 ? 0 : 1;

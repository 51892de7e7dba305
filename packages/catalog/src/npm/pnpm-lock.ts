import type { Found } from '../found.ts';
import { isRecord, npmPackage } from './package-json.ts';

/** Packages of pnpm-lock.yaml, lockfileVersion 5 to 9. `bad` counts keys that name no package and version. */
export async function readPnpmLock(text: string): Promise<{ packages: Found[]; bad: number }> {
  const { parse } = await import('yaml');
  const document: unknown = parse(text, { maxAliasCount: 0, logLevel: 'error' });
  const packages: Found[] = [];
  let bad = 0;
  if (document === null) return { packages, bad };
  if (!isRecord(document)) throw new Error('not a YAML mapping');
  const entries = isRecord(document['packages']) ? document['packages'] : {};
  const lockfile = document['lockfileVersion'];
  const major = typeof lockfile === 'string' ? Number.parseFloat(lockfile) : lockfile;
  for (const [key, entry] of Object.entries(entries)) {
    const fields = isRecord(entry) ? entry : {};
    // A folder of the work tree is a package only where the file says which version it is.
    if (/(?:^|@)(?:file|link|workspace):/.test(key) && typeof fields['version'] !== 'string') continue;
    const named = nameAndVersion(key, fields, typeof major === 'number' && major < 6);
    if (named === undefined) bad += 1;
    else packages.push(npmPackage(named.name, named.version, fields['dev'] === true ? { dev: true } : {}));
  }
  return { packages, bad };
}

/** Keys: "/name/1.0.0_peer" (5), "/name@1.0.0(peer)" (6), "name@1.0.0" (9); tarballs say name and version in their fields. */
function nameAndVersion(key: string, fields: Record<string, unknown>, slashes: boolean): { name: string; version: string } | undefined {
  const given = { name: fields['name'], version: fields['version'] };
  const plain = key.replace(/\(.*$/, '').replace(/^\//, '');
  const match = slashes ? /^((?:@[^/]+\/)?[^/@]+)\/([^_/]+)/.exec(plain) : /^((?:@[^/@]+\/)?[^/@]+)@([^@]+)$/.exec(plain);
  const name = typeof given.name === 'string' ? given.name : match?.[1];
  const version = typeof given.version === 'string' ? given.version : match?.[2];
  return name === undefined || version === undefined ? undefined : { name, version };
}

import type { Found } from '../found.ts';
import { isRecord, npmPackage } from './package-json.ts';

/** Deepest nesting of version 1 lock files that is followed; npm itself stays far below. */
const maxDepth = 200;

/** Packages of package-lock.json or npm-shrinkwrap.json, lockfileVersion 1 to 3. `bad` counts entries without a version. */
export function readPackageLock(text: string): { packages: Found[]; bad: number } {
  const json: unknown = JSON.parse(text);
  if (!isRecord(json)) throw new Error('not a JSON object');
  const out = { packages: [] as Found[], bad: 0 };
  if (isRecord(json['packages'])) readFlat(json['packages'], out);
  else if (isRecord(json['dependencies'])) readTree(json['dependencies'], out, 0);
  return out;
}

type Out = { readonly packages: Found[]; bad: number };

/** Versions 2 and 3: one entry a place in node_modules; others are the root, workspaces and links. */
function readFlat(entries: Record<string, unknown>, out: Out): void {
  for (const [place, entry] of Object.entries(entries)) {
    const at = place.lastIndexOf('node_modules/');
    if (at === -1 || !isRecord(entry) || entry['link'] === true) continue;
    const name = typeof entry['name'] === 'string' ? entry['name'] : place.slice(at + 13);
    if (typeof entry['version'] !== 'string') out.bad += 1;
    else out.packages.push(npmPackage(name, entry['version'], entry['dev'] === true || entry['devOptional'] === true ? { dev: true } : {}));
  }
}

function readTree(entries: Record<string, unknown>, out: Out, depth: number): void {
  if (depth > maxDepth) throw new Error(`dependencies are nested deeper than ${maxDepth}`);
  for (const [key, entry] of Object.entries(entries)) {
    if (!isRecord(entry)) {
      out.bad += 1;
      continue;
    }
    const version = entry['version'];
    if (typeof version !== 'string') out.bad += 1;
    else {
      // An alias says "npm:real@1.2.3".
      const alias = /^npm:(@?[^@]+)@(.+)$/.exec(version);
      const local = version.startsWith('file:');
      // A tarball's address stands for its version; its file name tells the number.
      const packed = /^https?:.*-(\d+\.\d+\.\d+[^/]*?)\.t(?:ar\.)?gz(?:[?#]|$)/.exec(version)?.[1];
      if (!local) out.packages.push(npmPackage(alias?.[1] ?? key, alias?.[2] ?? packed ?? version, entry['dev'] === true ? { dev: true } : {}));
    }
    if (isRecord(entry['dependencies'])) readTree(entry['dependencies'], out, depth + 1);
  }
}

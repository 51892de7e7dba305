import { parse } from 'smol-toml';
import type { Found } from '../found.ts';
import { isRecord } from '../npm/package-json.ts';

type Read = { packages: Found[]; bad: number };

/** poetry.lock, uv.lock, pdm.lock and pylock.toml: all hold an array of tables with name and version. */
export function readTomlLock(text: string): Read {
  const document = parse(text);
  const entries = document['package'] ?? document['packages'];
  const packages: Found[] = [];
  let bad = 0;
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isRecord(entry) || typeof entry['name'] !== 'string') {
      bad += 1;
      continue;
    }
    // The project itself and other folders of the work tree are sources, not packages.
    const source = isRecord(entry['source']) ? entry['source'] : {};
    if ('virtual' in source || 'editable' in source || 'directory' in source || source['type'] === 'directory' || 'directory' in entry) continue;
    if (typeof entry['version'] !== 'string') {
      if (!('vcs' in entry) && !('archive' in entry)) bad += 1;
      continue;
    }
    packages.push({ type: 'pypi', name: entry['name'], version: entry['version'], ...(isDev(entry) ? { dev: true } : {}) });
  }
  return { packages, bad };
}

function isDev(entry: Record<string, unknown>): boolean {
  if (entry['category'] === 'dev') return true;
  const groups = entry['groups'];
  return Array.isArray(groups) && groups.length > 0 && !groups.includes('main') && !groups.includes('default');
}

/** Pipfile.lock: JSON with one object a group. */
export function readPipfileLock(text: string): Read {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document)) throw new Error('not a JSON object');
  const packages: Found[] = [];
  for (const [group, entries] of Object.entries(document)) {
    if (group === '_meta' || !isRecord(entries)) continue;
    for (const [name, entry] of Object.entries(entries)) {
      const version = isRecord(entry) ? entry['version'] : undefined;
      // Entries by path or revision have no version: there is nothing to look up.
      const pinned = typeof version === 'string' ? /^={2,3}\s*([^\s,=*]+)$/.exec(version.trim())?.[1] : undefined;
      if (pinned === undefined) continue;
      packages.push({ type: 'pypi', name, version: pinned, ...(group === 'develop' ? { dev: true } : {}) });
    }
  }
  return { packages, bad: 0 };
}

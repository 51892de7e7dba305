import { messageOf } from '@palisade/model/error';
import type { FileStat } from '@palisade/image/analyzer';
import type { Cataloguer } from '../found.ts';
import { basename, malformed } from '../found.ts';
import { readPipfileLock, readTomlLock } from './locks.ts';
import { readMetadata } from './metadata.ts';
import { readRequirements } from './requirements.ts';

const limits = { metadata: 4 * 1024 * 1024, lock: 64 * 1024 * 1024 } as const;

type Kind = 'metadata' | 'requirements' | 'toml' | 'pipfile';

/** Python packages: installed ones (dist-info, egg-info, eggs) and the common lock files. */
export const python: Cataloguer = {
  id: 'python',
  version: 2,
  wants: (stat) => stat.type === 'file' && kindOf(stat) !== undefined,
  async read(file, report) {
    const path = file.stat.path;
    const kind = kindOf(file.stat);
    const text = Buffer.from(await file.bytes(kind === 'metadata' ? limits.metadata : limits.lock)).toString('utf8');
    try {
      if (kind === 'metadata') return { packages: [readMetadata(text)] };
      const { packages, bad } = kind === 'requirements' ? readRequirements(text) : kind === 'pipfile' ? readPipfileLock(text) : readTomlLock(text);
      if (bad > 0) report.gap(malformed(path, 'entries without a name or version', bad));
      return { packages };
    } catch (error) {
      report.gap(malformed(path, messageOf(error).split('\n', 1)[0] ?? ''));
      return undefined;
    }
  },
};

function kindOf(stat: FileStat): Kind | undefined {
  const { path } = stat;
  const name = basename(path);
  switch (name) {
    case 'METADATA':
      return path.endsWith('.dist-info/METADATA') ? 'metadata' : undefined;
    case 'PKG-INFO':
      return path.endsWith('.egg-info/PKG-INFO') || path.endsWith('EGG-INFO/PKG-INFO') ? 'metadata' : undefined;
    case 'Pipfile.lock':
      return 'pipfile';
    case 'poetry.lock':
    case 'uv.lock':
    case 'pdm.lock':
    case 'pylock.toml':
      return 'toml';
    default:
      // distutils wrote the metadata as a single file NAME.egg-info.
      if (name.endsWith('.egg-info')) return 'metadata';
      return name.endsWith('.txt') && (name.includes('requirements') || /(?:^|\/)requirements\/[^/]+$/.test(path)) ? 'requirements' : undefined;
  }
}

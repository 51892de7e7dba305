import { messageOf } from '@palisade/model/error';
import type { Cataloguer, Found } from '../found.ts';
import { basename, malformed } from '../found.ts';
import { readPackageJson } from './package-json.ts';
import { readPackageLock } from './package-lock.ts';
import { readPnpmLock } from './pnpm-lock.ts';
import { readYarnLock } from './yarn-lock.ts';

const limits = { manifest: 4 * 1024 * 1024, lock: 128 * 1024 * 1024 } as const;

type Lock = { packages: Found[]; bad: number };
type LockReader = (text: string) => Lock | Promise<Lock>;

const locks: Readonly<Record<string, LockReader>> = {
  'package-lock.json': readPackageLock,
  'npm-shrinkwrap.json': readPackageLock,
  'yarn.lock': readYarnLock,
  'pnpm-lock.yaml': readPnpmLock,
};

/** npm packages: installed trees (each package.json) and the lock files of npm, Yarn and pnpm. */
export const npm: Cataloguer = {
  id: 'npm',
  version: 3,
  wants(stat) {
    if (stat.type !== 'file') return false;
    switch (basename(stat.path)) {
      case 'package.json':
        return true;
      case 'package-lock.json':
      case 'npm-shrinkwrap.json':
      case 'yarn.lock':
      case 'pnpm-lock.yaml':
        // A lock file that a package ships with itself says what its authors used, not what is installed here.
        // Debian keeps what it packages under usr/share/nodejs.
        return !stat.path.includes('node_modules/') && !stat.path.startsWith('usr/share/nodejs/');
      default:
        return false;
    }
  },
  async read(file, report) {
    const path = file.stat.path;
    const lock = locks[basename(path)];
    const text = Buffer.from(await file.bytes(lock === undefined ? limits.manifest : limits.lock)).toString('utf8');
    try {
      if (lock === undefined) {
        const found = readPackageJson(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
        return found === undefined ? undefined : { packages: [found] };
      }
      const { packages, bad } = await lock(text);
      if (bad > 0) report.gap(malformed(path, 'entries without a readable name or version', bad));
      return { packages };
    } catch (error) {
      report.gap(malformed(path, messageOf(error).split('\n', 1)[0] ?? ''));
      return undefined;
    }
  },
};

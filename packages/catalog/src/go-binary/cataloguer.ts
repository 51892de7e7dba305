import { messageOf } from '@palisade/model/error';
import type { Cataloguer } from '../found.ts';
import { basename, malformed } from '../found.ts';
import { readBuildInfo } from './build-info.ts';
import { buildInfoRegion } from './executable.ts';
import { packagesOf } from './modules.ts';

/** Smallest Go program seen is about 1 MB; below this nothing can hold a Go runtime. */
const smallest = 256 * 1024;

/** Go programs, by the build information the linker leaves in ELF, PE and Mach-O files (debug/buildinfo). */
export const goBinary: Cataloguer = {
  id: 'go-binary',
  version: 1,
  wants(stat) {
    if (stat.type !== 'file' || stat.size < smallest) return false;
    if ((stat.mode & 0o111) !== 0) return !/\.(?:so(?:\.[\d.]+)?|py|sh|js|pl|rb|jar)$/.test(basename(stat.path));
    return stat.path.endsWith('.exe');
  },
  alike: () => true,
  async read(file, report) {
    const random = await file.random();
    try {
      const region = await buildInfoRegion(random);
      if (region === undefined) return undefined;
      const info = await readBuildInfo(random, region);
      return info === undefined ? undefined : { packages: packagesOf(info.version, info.modules) };
    } catch (error) {
      report.gap(malformed(file.stat.path, `Go build information: ${messageOf(error)}`));
      return undefined;
    }
  },
};

import type { Found } from '../found.ts';
import { npmPackage } from './package-json.ts';

/**
 * Packages of yarn.lock, version 1 and berry. Both are blocks of a descriptor line without indent and indented
 * fields, so one reader does; `bad` counts blocks without a version.
 */
export function readYarnLock(text: string): { packages: Found[]; bad: number } {
  const packages: Found[] = [];
  let bad = 0;
  let name = '';
  let version = '';
  let skip = true;
  const close = (): void => {
    if (skip || name === '') return;
    if (version === '') bad += 1;
    else packages.push(npmPackage(name, version));
  };
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) {
      close();
      const descriptor = /^"?((?:@[^/@"]+\/)?[^@"]+)@([^",]*)/.exec(line);
      name = descriptor?.[1] ?? '';
      const range = descriptor?.[2] ?? '';
      const alias = /^npm:((?:@[^/@]+\/)?[^@]+)@/.exec(range);
      if (alias !== null && !/^[~^<>=\d]/.test(alias[1] ?? '')) name = alias[1] ?? name;
      version = '';
      skip = line.startsWith('__metadata') || /^(?:workspace|link|portal|file):/.test(range);
      if (!skip && descriptor === null) bad += 1;
      continue;
    }
    const field = /^ {2}"?(version|resolution)"?:?\s+"?([^"]+)"?$/.exec(line);
    if (field?.[1] === 'version') version = field[2] ?? '';
    else if (field?.[1] === 'resolution') {
      // Berry names the real package here, whatever alias the descriptor has.
      const real = /^((?:@[^/@]+\/)?[^@]+)@(\w+):/.exec(field[2] ?? '');
      if (real !== null) name = real[1] ?? name;
      if (real?.[2] === 'workspace') skip = true;
    }
  }
  close();
  return { packages, bad };
}

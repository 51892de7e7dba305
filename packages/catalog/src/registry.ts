import { apk } from './apk/cataloguer.ts';
import { dpkg } from './dpkg/cataloguer.ts';
import type { Cataloguer } from './found.ts';
import { npm } from './npm/cataloguer.ts';
import { osRelease } from './os-release/cataloguer.ts';
import { python } from './python/cataloguer.ts';

/** Every cataloguer, one folder and one entry each. */
export const cataloguers: readonly Cataloguer[] = [apk, dpkg, npm, osRelease, python];

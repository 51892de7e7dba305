import { apk } from './apk/cataloguer.ts';
import { dpkg } from './dpkg/cataloguer.ts';
import type { Cataloguer } from './found.ts';
import { goBinary } from './go-binary/cataloguer.ts';
import { goMod } from './go-mod/cataloguer.ts';
import { jar } from './jar/cataloguer.ts';
import { npm } from './npm/cataloguer.ts';
import { osRelease } from './os-release/cataloguer.ts';
import { python } from './python/cataloguer.ts';
import { rpm } from './rpm/cataloguer.ts';

/** Every cataloguer, one folder and one entry each. */
export const cataloguers: readonly Cataloguer[] = [apk, dpkg, goBinary, goMod, jar, npm, osRelease, python, rpm];

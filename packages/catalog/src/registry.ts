import { apk } from './apk/cataloguer.ts';
import { cargo } from './cargo/cataloguer.ts';
import { composer } from './composer/cataloguer.ts';
import { conan } from './conan/cataloguer.ts';
import { cran } from './cran/cataloguer.ts';
import { dpkg } from './dpkg/cataloguer.ts';
import type { Cataloguer } from './found.ts';
import { gem } from './gem/cataloguer.ts';
import { goBinary } from './go-binary/cataloguer.ts';
import { goMod } from './go-mod/cataloguer.ts';
import { hex } from './hex/cataloguer.ts';
import { jar } from './jar/cataloguer.ts';
import { npm } from './npm/cataloguer.ts';
import { nuget } from './nuget/cataloguer.ts';
import { osRelease } from './os-release/cataloguer.ts';
import { pub } from './pub/cataloguer.ts';
import { python } from './python/cataloguer.ts';
import { rpm } from './rpm/cataloguer.ts';

/** Every cataloguer, one folder and one entry each. */
export const cataloguers: readonly Cataloguer[] = [apk, cargo, composer, conan, cran, dpkg, gem, goBinary, goMod, hex, jar, npm, nuget, osRelease, pub, python, rpm];

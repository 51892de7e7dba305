import type { Cataloguer, Found, Owned } from '../found.ts';
import { malformed, mayHoldPackage } from '../found.ts';

const limit = 256 * 1024 * 1024;

/** apk-tools' database of installed packages, version 2 of the format: one letter, a colon, a value (wiki.alpinelinux.org/wiki/Apk_spec). */
export const apk: Cataloguer = {
  id: 'apk',
  version: 1,
  wants: (stat) => stat.type === 'file' && (stat.path === 'lib/apk/db/installed' || stat.path === 'usr/lib/apk/db/installed'),
  async read(file, report) {
    const text = Buffer.from(await file.bytes(limit)).toString('utf8');
    const packages: Found[] = [];
    const owned: Owned[] = [];
    let bad = 0;
    let entry = emptyEntry();
    const close = (): void => {
      if (!entry.filled) return;
      if (entry.name === '' || entry.version === '') bad += 1;
      else {
        packages.push({
          type: 'apk',
          name: entry.name,
          version: entry.version,
          ...(entry.arch === '' ? {} : { arch: entry.arch }),
          ...(entry.origin === '' || entry.origin === entry.name ? {} : { source: { name: entry.origin, version: entry.version } }),
          ...(entry.license === '' ? {} : { licenses: [entry.license] }),
        });
        if (entry.paths.length > 0) owned.push({ owner: entry.name, paths: entry.paths });
      }
      entry = emptyEntry();
    };
    for (const line of text.split('\n')) {
      if (line.trim() === '') {
        close();
        continue;
      }
      entry.filled = true;
      if (line.charAt(1) !== ':') {
        bad += 1;
        continue;
      }
      const value = line.slice(2).trimEnd();
      switch (line.charAt(0)) {
        case 'P': entry.name = value; break;
        case 'V': entry.version = value; break;
        case 'A': entry.arch = value; break;
        case 'o': entry.origin = value; break;
        case 'L': entry.license = value; break;
        case 'F': entry.folder = value; break;
        case 'R': {
          const path = entry.folder === '' ? value : `${entry.folder}/${value}`;
          if (mayHoldPackage(path)) entry.paths.push(path);
          break;
        }
        default:
      }
    }
    close();
    if (bad > 0) report.gap(malformed(file.stat.path, 'entries without name or version, or lines that are not "letter:value"', bad));
    return { packages, owned, database: true };
  },
};

function emptyEntry(): { name: string; version: string; arch: string; origin: string; license: string; folder: string; paths: string[]; filled: boolean } {
  return { name: '', version: '', arch: '', origin: '', license: '', folder: '', paths: [], filled: false };
}

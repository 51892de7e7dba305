import { messageOf } from '@palisade/model/error';
import type { RandomAccess } from '@palisade/image/analyzer';
import type { Cataloguer, Found, Owned } from '../found.ts';
import { basename, limited, malformed } from '../found.ts';
import { berkeleyHeaders } from './berkeley.ts';
import { readHeader } from './header.ts';
import { ndbHeaders } from './ndb.ts';
import { sqliteHeaders } from './sqlite.ts';

/** More packages than any distribution has. */
const maxPackages = 500_000;

const readers: Readonly<Record<string, (file: RandomAccess) => AsyncGenerator<Buffer>>> = {
  Packages: berkeleyHeaders,
  'Packages.db': ndbHeaders,
  'rpmdb.sqlite': sqliteHeaders,
};

/** rpm's database in its three forms: SQLite, ndb and Berkeley DB. */
export const rpm: Cataloguer = {
  id: 'rpm',
  version: 1,
  wants: (stat) => stat.type === 'file' && stat.size > 0 && /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/(?:Packages|Packages\.db|rpmdb\.sqlite)$/.test(stat.path),
  async read(file, report) {
    const path = file.stat.path;
    const reader = readers[basename(path)] ?? sqliteHeaders;
    const packages: Found[] = [];
    const owned: Owned[] = [];
    try {
      for await (const blob of reader(await file.random())) {
        report.signal.throwIfAborted();
        if (packages.length >= maxPackages) {
          report.gap(limited(path, `more than ${maxPackages} packages`));
          break;
        }
        try {
          const one = readHeader(blob);
          if (one === undefined) continue;
          packages.push(one.found);
          if (one.owned.paths.length > 0) owned.push(one.owned);
        } catch (error) {
          report.gap(malformed(path, messageOf(error)));
        }
      }
    } catch (error) {
      report.signal.throwIfAborted();
      report.gap(malformed(path, messageOf(error)));
    }
    return { packages, owned, database: true };
  },
};

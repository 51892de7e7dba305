import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { AdvisoryRecord, CveFacts } from '../record.ts';
import { ecosystemKey, nameKey } from '../ecosystem/key.ts';

// Everything read is put into a scratch database first and taken out in order: memory stays flat however large the
// feeds are, and the order in which files were read leaves no trace.
export type Staging = {
  readonly database: DatabaseSync;
  advisory(kind: string, source: string, record: AdvisoryRecord): void;
  cve(facts: CveFacts): void;
  close(): void;
};

/** A scratch database at `file`, removed again by `close`. */
export function openStaging(file: string): Staging {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = FILE;
    CREATE TABLE advisory (kind TEXT, name TEXT, modified TEXT, source TEXT, document TEXT);
    CREATE TABLE affected (advisory INTEGER, ecosystem TEXT, name TEXT, document TEXT);
    CREATE TABLE fact (id TEXT, epss REAL, percentile REAL, kev TEXT, exploit INTEGER);
    BEGIN`);
  const insertAdvisory = database.prepare('INSERT INTO advisory VALUES (?, ?, ?, ?, ?)');
  const insertAffected = database.prepare('INSERT INTO affected VALUES (?, ?, ?, ?)');
  const insertFact = database.prepare('INSERT INTO fact VALUES (?, ?, ?, ?, ?)');
  return {
    database,
    advisory(kind, source, { affected, ...record }) {
      const name = record.part === undefined ? record.id : `${record.id} ${record.part}`;
      const { lastInsertRowid } = insertAdvisory.run(kind, name, record.modified, source, JSON.stringify(record));
      for (const { ecosystem, name: packageName, ...rest } of affected) {
        const key = ecosystemKey(ecosystem);
        insertAffected.run(lastInsertRowid, key, nameKey(key, packageName), JSON.stringify(rest));
      }
    },
    cve({ id, epss, kev, exploit }) {
      insertFact.run(id, epss?.score ?? null, epss?.percentile ?? null, kev === undefined ? null : JSON.stringify(kev), exploit === true ? 1 : null);
    },
    close() {
      database.close();
      rmSync(file, { force: true });
    },
  };
}

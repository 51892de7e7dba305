import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { messageOf } from '@palisade/model/error';
import { readBlob } from '../feeds/blobs.ts';
import type { Db } from '../postgres/database.ts';
import { chainHash, chainStart } from './store.ts';

export type Verified = { readonly entries: number; readonly files: number; readonly removed: number; readonly head: string; readonly faults: { readonly seq: number; readonly id: string; readonly fault: string }[] };
type Entry = { seq: string; id: string; entry: string; previous: string; hash: string; removed: boolean };

/** Faults told of; more of them say nothing new. */
const mostFaults = 100;
const page = 200;

/** Walks the whole chain: every link, every entry's hash, and every file's bytes that are still kept. Takes as long as they are large. */
export async function verifyChain(db: Db): Promise<Verified> {
  const faults: { seq: number; id: string; fault: string }[] = [];
  const note = (seq: number, id: string, fault: string): void => {
    if (faults.length < mostFaults) faults.push({ seq, id, fault });
  };
  let previous = chainStart;
  let expected = 1;
  let files = 0;
  let removed = 0;
  const checked = new Map<string, string | undefined>();
  for (let after = 0; ; ) {
    const rows = await sql<Entry>`select seq, id, entry, previous, hash, removed_at is not null removed from evidence where seq > ${after} order by seq limit ${page}`.execute(db);
    for (const row of rows.rows) {
      const seq = Number(row.seq);
      if (seq !== expected) note(seq, row.id, `entries ${expected} to ${seq - 1} are missing`);
      if (row.previous !== previous) note(seq, row.id, 'it does not follow the entry before it');
      if (chainHash(row.previous, row.entry) !== row.hash) note(seq, row.id, 'its text is not what its hash was made of');
      if (row.removed) removed += 1;
      else {
        for (const file of filesOf(row.entry)) {
          files += 1;
          if (!checked.has(file.sha256)) checked.set(file.sha256, await faultOf(db, file.sha256));
          const fault = checked.get(file.sha256);
          if (fault !== undefined) note(seq, row.id, `${file.name}: ${fault}`);
        }
      }
      previous = row.hash;
      expected = seq + 1;
      after = seq;
    }
    if (rows.rows.length < page) break;
  }
  const trail = await sql<{ seq: string; hash: string; subject: string }>`select detail->>'seq' seq, detail->>'hash' hash, subject from audit where action = 'evidence.added' order by at desc, (detail->>'seq')::bigint desc limit 1`.execute(db);
  const newest = trail.rows[0];
  if (newest !== undefined && Number(newest.seq) >= expected) note(Number(newest.seq), newest.subject, `the audit trail knows entries up to ${newest.seq}, the chain ends at ${expected - 1}`);
  else if (newest !== undefined && Number(newest.seq) === expected - 1 && newest.hash !== previous) note(Number(newest.seq), newest.subject, 'the audit trail has another hash for the last entry');
  return { entries: expected - 1, files, removed, head: previous, faults };
}

export function filesOf(entry: string): { name: string; sha256: string; size: number; cut: boolean }[] {
  return (JSON.parse(entry) as { evidence: { files: { name: string; sha256: string; size: number; cut: boolean }[] } }).evidence.files;
}

async function faultOf(db: Db, sha256: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    const blob = await sql`select 1 from blobs where sha256 = ${sha256}`.execute(db);
    if (blob.rows.length === 0) return 'its bytes are missing';
    for await (const bytes of readBlob(db, sha256)) hash.update(bytes);
  } catch (error) {
    return messageOf(error);
  }
  return hash.digest('hex') === sha256 ? undefined : 'its bytes were changed';
}

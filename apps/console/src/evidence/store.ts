import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Evidence } from '@palisade/model/evidence';
import { evidenceLimits } from '@palisade/model/evidence';
import { audit } from '../audit.ts';
import { containerKey } from '../ingest/image-key.ts';
import type { Sender } from '../ingest/kind.ts';
import type { Db } from '../postgres/database.ts';

/** What precedes the first entry of the chain. */
export const chainStart = '0'.repeat(64);
/** Advisory lock: entries follow one another. */
const chainLock = 7_443_012;

/** Hash of an entry: of the hash before it and its own text, to the byte. */
export function chainHash(previous: string, entry: string): string {
  return createHash('sha256').update(`${previous}\n${entry}`).digest('hex');
}

/**
 * Makes files of the pieces that came before, and appends the list of them to the chain. A file whose bytes are not what
 * the agent's list says is kept and marked: a fault is evidence too.
 */
export async function addEvidence(db: Db, body: Evidence, sender: Sender): Promise<void> {
  const known = await sql`select 1 from evidence where id = ${body.id}`.execute(db);
  if (known.rows.length > 0) return;
  const faults: string[] = [];
  const files: { name: string; sha256: string; size: number; cut: boolean }[] = [];
  let left: number = evidenceLimits.all;
  for (const file of body.files) {
    const size = await sql<{ n: number }>`select coalesce(sum(length(bytes)), 0)::int n from evidence_parts where evidence = ${body.id} and file = ${file.name} and node = ${sender.node}`.execute(db);
    left -= size.rows[0]?.n ?? 0;
    if (left < 0) {
      faults.push(`${file.name}: beyond the ${evidenceLimits.all} bytes of one collection; not kept`);
      continue;
    }
    const parts = await sql<{ n: number; bytes: Buffer }>`select n, bytes from evidence_parts where evidence = ${body.id} and file = ${file.name} and node = ${sender.node} order by n`.execute(db);
    const bytes = Buffer.concat(parts.rows.map((row) => row.bytes));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== file.sha256 || bytes.length !== file.size) faults.push(`${file.name}: ${bytes.length} of ${file.size} bytes came, SHA-256 ${sha256}, not ${file.sha256}`);
    const added = await sql`insert into blobs (sha256, size, media) values (${sha256}, ${bytes.length}, 'application/octet-stream') on conflict do nothing returning sha256`.execute(db);
    if (added.rows.length > 0) for (const [n, row] of parts.rows.entries()) await sql`insert into blob_chunks (sha256, n, bytes) values (${sha256}, ${n}, ${row.bytes})`.execute(db);
    files.push({ name: file.name, sha256, size: bytes.length, cut: file.cut });
  }
  await sql`delete from evidence_parts where evidence = ${body.id} and node = ${sender.node}`.execute(db);
  const key = body.container === undefined ? null : containerKey(sender.cluster, body.container);
  const place = await sql<{ namespace: string | null; project: string | null }>`select namespace, project from containers where key = ${key}`.execute(db);
  await sql`select pg_advisory_xact_lock(${sql.lit(chainLock)})`.execute(db);
  const last = await sql<{ seq: string; hash: string }>`select seq, hash from evidence order by seq desc limit 1`.execute(db);
  const seq = Number(last.rows[0]?.seq ?? 0) + 1;
  const previous = last.rows[0]?.hash ?? chainStart;
  const received = new Date().toISOString();
  const entry = JSON.stringify({ seq, received, cluster: sender.cluster, node: sender.node, agent: sender.agent, evidence: { ...body, files }, faults });
  const hash = chainHash(previous, entry);
  await sql`insert into evidence (seq, id, at, received_at, cluster, node, container_key, namespace, project, detection, entry, previous, hash, faults)
    values (${seq}, ${body.id}, ${body.at}, ${received}, ${sender.cluster}, ${sender.node}, ${key}, ${place.rows[0]?.namespace ?? null}, ${place.rows[0]?.project ?? null}, ${body.detection ?? null}, ${entry}, ${previous}, ${hash}, ${JSON.stringify(faults)}::jsonb)`.execute(db);
  // The trail is append-only: a chain cut off at its end is found by it.
  await audit(db, { name: `agent ${sender.agent}` }, 'evidence.added', body.id, { seq, hash }, sender.cluster);
}

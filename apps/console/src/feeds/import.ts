import { sql } from 'kysely';
import { z } from 'zod';
import { Manifest } from '@palisade/advisory/bundle/format';
import { shrinkage } from '@palisade/advisory/bundle/shrink';
import { audit } from '../audit.ts';
import type { Actor } from '../audit.ts';
import { refuse } from '../errors.ts';
import { startRound } from '../judging/rounds.ts';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import { storeBlob } from './blobs.ts';
import { runSelf } from './self.ts';

/** Bundles kept beside the active one, so that a bad one can be gone back from. */
const kept = 3;

const Inspected = Manifest.extend({ sha256: z.string(), verified: z.boolean() });
type Inspected = z.infer<typeof Inspected>;

/** Opens a file as a bundle in a child process, every row checked against the manifest's digest. Throws invalid-bundle with the reason. */
export async function inspectBundle(file: string, signal?: AbortSignal): Promise<Inspected> {
  const { code, out, err } = await runSelf(['feed', 'info', file, '--format', 'json', '--verify'], { heapMegabytes: 512, minutes: 10 }, signal);
  if (code === 2) throw refuse('invalid-bundle', err.replaceAll(file, 'the file'));
  let value: unknown;
  try {
    value = JSON.parse(out);
  } catch {
    throw refuse('invalid-bundle', err === '' ? 'the file could not be read as a bundle' : err.replaceAll(file, 'the file'));
  }
  const inspected = Inspected.safeParse(value);
  if (!inspected.success) throw refuse('invalid-bundle', `the manifest: ${inspected.error.issues[0]?.path.join('.') ?? ''}: ${inspected.error.issues[0]?.message ?? 'not valid'}`);
  if (!inspected.data.verified) throw refuse('invalid-bundle', 'its content does not match the digest in its manifest: it was changed or damaged after the build');
  return inspected.data;
}

/** Stores a verified bundle and makes it the one in use; every image is matched anew from its stored packages. Answers the round's task. */
export async function installBundle(db: Db, file: string, actor: Actor, options: { allowShrink: boolean; signal?: AbortSignal | undefined }): Promise<{ sha256: string; task: string }> {
  const { sha256, verified: _, ...info } = await inspectBundle(file, options.signal);
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(7443003)`.execute(trx);
    await refuseShrinking(trx, sha256, info, options.allowShrink);
    await storeBlob(trx, sha256, file, 'application/vnd.palisade.feed+sqlite3');
    await sql`insert into feeds (sha256, feed_id, built_at, info, imported_by) values (${sha256}, ${info.id}, ${timeOf(info.built)}, ${JSON.stringify(info)}::jsonb, ${actor.name}) on conflict do nothing`.execute(trx);
    await audit(trx, actor, 'feed.import', sha256, { id: info.id, built: info.built, allowShrink: options.allowShrink });
    return { sha256, task: await activateBundle(trx, sha256, actor) };
  });
}

/** Refuses a bundle that lost much against the one in use, unless that is wanted. */
export async function refuseShrinking(trx: Db, sha256: string, info: Manifest, allowed: boolean): Promise<void> {
  const active = await sql<{ sha256: string; info: Manifest }>`select sha256, info from feeds where active`.execute(trx);
  const before = active.rows[0];
  if (before === undefined || before.sha256 === sha256 || allowed) return;
  const lost = shrinkage(before.info, info);
  if (lost.length > 0) throw refuse('bundle-shrank', `${lost.slice(0, 5).join('; ')}${lost.length > 5 ? ` and ${lost.length - 5} more` : ''}`);
}

/** Puts a stored bundle in use, in the caller's transaction. */
export async function activateBundle(trx: Db, sha256: string, actor: Actor): Promise<string> {
  await sql`update feeds set active = false where active and sha256 <> ${sha256}`.execute(trx);
  await sql`update feeds set active = true where sha256 = ${sha256}`.execute(trx);
  const old = await sql<{ sha256: string }>`delete from feeds where not active and sha256 not in (select sha256 from feeds order by active desc, imported_at desc limit ${kept + 1}) returning sha256`.execute(trx);
  await sql`delete from blobs where sha256 = any(${old.rows.map((row) => row.sha256)}::text[])`.execute(trx);
  await audit(trx, actor, 'feed.activate', sha256);
  await announce(trx, 'feeds', null, sha256);
  return startRound(trx, 'rematch', sha256, actor.name);
}

/** A bundle may not know its date; then it counts as old as can be. */
function timeOf(built: string): string {
  const time = Date.parse(built);
  return new Date(Number.isNaN(time) ? 0 : time).toISOString();
}

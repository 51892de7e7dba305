import { X509Certificate, createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Context } from './context.ts';
import { createJoinToken } from './gateway/enrolment.ts';
import type { Db } from './postgres/database.ts';

/** What the agent beside this console was told when it enrolled. */
export type LocalIdentity = { readonly agent: string; readonly url: string; readonly ca: string };

/** The cluster of a machine that runs its own console. */
const localCluster = { name: 'local', kind: 'docker-host', uses: 1, hours: 1 } as const;

/** A join token for the agent beside this console; undefined when the one it has still enrols it here. */
export async function joinTokenFor({ db, authority, agentUrl }: Context, identity: LocalIdentity | undefined): Promise<string | undefined> {
  if (identity !== undefined && identity.url === agentUrl && fingerprintOf(identity.ca) === authority.fingerprint) {
    const known = await sql`select 1 from agents where id = ${identity.agent} and revoked_at is null`.execute(db);
    if (known.rows.length > 0) return undefined;
  }
  return (await createJoinToken(db, authority, agentUrl, localCluster, { name: 'palisade up', address: 'local' })).token;
}

/** How many of the images and host file systems present have a scan result. */
export async function scanProgress(db: Db): Promise<{ done: number; total: number }> {
  const found = await sql<{ done: number; total: number }>`select count(*) filter (where status is not null)::int done, count(*)::int total from images where present`.execute(db);
  return found.rows[0] ?? { done: 0, total: 0 };
}

function fingerprintOf(certificate: string): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex');
}

import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../postgres/database.ts';
import type { Grant, Principal, Role } from './permission.ts';

export const cookieName = 'palisade_session';
const lifeHours = 12;

/** Random text of 256 bits; only its hash is ever stored. */
export function freshSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256 suffices for a secret of 256 random bits (a password needs argon2id). */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

type GrantRow = { role: Role; cluster: string; namespace: string; project: string };

/** A row's scope: the empty text means "any". */
export function scopeOf(row: { cluster: string; namespace: string; project: string }): Grant['scope'] {
  return {
    ...(row.cluster === '' ? {} : { cluster: row.cluster }),
    ...(row.namespace === '' ? {} : { namespace: row.namespace }),
    ...(row.project === '' ? {} : { project: row.project }),
  };
}

async function grantsOf(db: Db, user: string): Promise<Grant[]> {
  const rows = await sql<GrantRow>`select role, cluster, namespace, project from grants where user_id = ${user} order by 1, 2, 3, 4`.execute(db);
  return rows.rows.map((row) => ({ role: row.role, scope: scopeOf(row) }));
}

/** Opens a session for a user; answers the cookie's value and the principal with its CSRF token. */
export async function openSession(db: Db, user: { id: string; name: string }): Promise<{ secret: string; principal: Principal }> {
  const secret = freshSecret();
  const csrf = freshSecret();
  const hash = hashSecret(secret);
  await sql`insert into sessions (hash, user_id, csrf, expires_at) values (${hash}, ${user.id}, ${csrf}, now() + make_interval(hours => ${lifeHours}::int))`.execute(db);
  return { secret, principal: { kind: 'user', id: user.id, name: user.name, grants: await grantsOf(db, user.id), session: { hash, csrf } } };
}

/** Whose session this cookie is; undefined when it has ended or the user was disabled. */
export async function principalOfSession(db: Db, secret: string): Promise<Principal | undefined> {
  const hash = hashSecret(secret);
  const found = await sql<{ id: string; name: string; csrf: string }>`
    select u.id, u.name, s.csrf from sessions s join users u on u.id = s.user_id
    where s.hash = ${hash} and s.expires_at > now() and not u.disabled`.execute(db);
  const row = found.rows[0];
  if (row === undefined) return undefined;
  return { kind: 'user', id: row.id, name: row.name, grants: await grantsOf(db, row.id), session: { hash, csrf: row.csrf } };
}

/** Whose API token this is; undefined when unknown, expired or revoked. */
export async function principalOfToken(db: Db, secret: string): Promise<Principal | undefined> {
  const found = await sql<GrantRow & { id: string; name: string; person: string }>`
    update api_tokens set used_at = now() where hash = ${hashSecret(secret)} and expires_at > now() and revoked_at is null
    returning id, name, created_by person, role, cluster, namespace, project`.execute(db);
  const row = found.rows[0];
  return row === undefined ? undefined : { kind: 'token', id: row.id, name: row.name, person: row.person, grants: [{ role: row.role, scope: scopeOf(row) }] };
}

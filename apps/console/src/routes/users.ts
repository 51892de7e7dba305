import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import { Scope } from '@palisade/model/scope';
import { actorOf, audit } from '../audit.ts';
import { roles } from '../auth/permission.ts';
import { freshSecret, hashSecret, scopeOf } from '../auth/sessions.ts';
import type { Context } from '../context.ts';
import { placeOf } from '../documents/place.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import { UserName } from './session.ts';

const Grant = z.object({ role: z.enum(roles), scope: Scope.default({}) });
type Grant = z.infer<typeof Grant>;
const Grants = z.array(Grant).min(1, 'at least one role').max(50);
export const UserRow = z.object({ id: z.string(), name: z.string(), disabled: z.boolean(), grants: z.array(Grant), createdAt: z.string(), createdBy: z.string().nullable(), lastSeen: z.string().nullable(), pending: z.string().nullable().describe('until when the one-time link is good; null: none is open') });
const Link = z.object({ id: z.string(), link: z.string(), expires: z.string() });
const params = z.object({ id: z.string().max(100) });

/** Users: made with a one-time link by which they choose their password; roles by scope; disabled, never deleted (the audit trail names them). */
export function userRoutes(app: App, context: Context): void {
  const { db, live } = context;

  app.get('/api/v1/users', { config: { permission: 'manage-users' }, schema: { tags: ['users'], summary: 'Users with their roles', response: { 200: z.object({ items: z.array(UserRow) }) } } }, async () => {
    const users = await sql<Omit<z.infer<typeof UserRow>, 'grants'>>`select u.id, u.name, u.disabled, u.created_at "createdAt", u.created_by "createdBy",
      (select max(s.created_at) from sessions s where s.user_id = u.id) "lastSeen", (select l.expires_at from user_links l where l.user_id = u.id and l.expires_at > now()) pending from users u order by lower(u.name) limit 5000`.execute(db);
    const grants = await sql<{ user_id: string; role: Grant['role']; cluster: string; namespace: string; project: string }>`select user_id, role, cluster, namespace, project from grants order by 1, 2, 3, 4, 5`.execute(db);
    return { items: users.rows.map((user) => ({ ...user, grants: grants.rows.filter((row) => row.user_id === user.id).map((row) => ({ role: row.role, scope: scopeOf(row) })) })) };
  });

  app.post('/api/v1/users', { config: { permission: 'manage-users' }, schema: { tags: ['users'], summary: 'Add a user; answers the one-time link to hand over (24 h)', body: z.object({ name: UserName, grants: Grants }), response: { 200: Link } } }, async (request) => {
    const { name, grants } = request.body;
    const id = `usr_${randomBytes(10).toString('hex')}`;
    const link = await db.transaction().execute(async (trx) => {
      const taken = await sql`select 1 from users where lower(name) = lower(${name})`.execute(trx);
      if (taken.rows.length > 0) throw refuse('conflict', `there is a user "${name}" already`);
      // No password opens it until the link was used.
      await sql`insert into users (id, name, password, created_by) values (${id}, ${name}, 'unset', ${actorOf(request).name})`.execute(trx);
      await setGrants(trx, id, grants);
      await audit(trx, actorOf(request), 'user.create', id, { name, grants });
      await announce(trx, 'users', null, id);
      return newLink(trx, context, id, actorOf(request).name);
    });
    live.nudge('changes');
    return link;
  });

  app.post('/api/v1/users/:id/link', { config: { permission: 'manage-users' }, schema: { tags: ['users'], summary: 'A new one-time link: by it the user chooses a new password', params, response: { 200: Link } } }, async (request) => {
    const { id } = request.params;
    return db.transaction().execute(async (trx) => {
      const found = await sql<{ disabled: boolean }>`select disabled from users where id = ${id} for update`.execute(trx);
      if (found.rows[0] === undefined) throw refuse('not-found');
      if (found.rows[0].disabled) throw refuse('conflict', 'this user is disabled: enable it first');
      await audit(trx, actorOf(request), 'user.link', id);
      return newLink(trx, context, id, actorOf(request).name);
    });
  });

  app.patch('/api/v1/users/:id', { config: { permission: 'manage-users' }, schema: { tags: ['users'], summary: 'Change roles, disable or enable', params, body: z.object({ disabled: z.boolean().optional(), grants: Grants.optional() }), response: { 200: z.object({}) } } }, async (request) => {
    const { id } = request.params;
    const { disabled, grants } = request.body;
    await db.transaction().execute(async (trx) => {
      // Two administrators who demote one another at once must not both succeed.
      await sql`lock table grants in exclusive mode`.execute(trx);
      const found = await sql`select 1 from users where id = ${id} for update`.execute(trx);
      if (found.rows.length === 0) throw refuse('not-found');
      if (disabled !== undefined) {
        await sql`update users set disabled = ${disabled} where id = ${id}`.execute(trx);
        if (disabled) {
          await sql`delete from sessions where user_id = ${id}`.execute(trx);
          await sql`delete from user_links where user_id = ${id}`.execute(trx);
          await sql`update api_tokens set revoked_at = now() where revoked_at is null and created_by = (select name from users where id = ${id})`.execute(trx);
        }
        await audit(trx, actorOf(request), disabled ? 'user.disable' : 'user.enable', id);
      }
      if (grants !== undefined) {
        await setGrants(trx, id, grants);
        await audit(trx, actorOf(request), 'user.roles', id, { grants });
      }
      const admins = await sql`select 1 from grants g join users u on u.id = g.user_id where g.role = 'admin' and g.cluster = '' and g.namespace = '' and g.project = '' and not u.disabled and u.password <> 'unset' limit 1`.execute(trx);
      if (admins.rows.length === 0) throw refuse('last-admin', 'this is the last administrator of the whole installation who can sign in: make another one first');
      await announce(trx, 'users', null, id);
    });
    live.nudge('changes');
    return {};
  });
}

async function setGrants(trx: Db, user: string, grants: readonly Grant[]): Promise<void> {
  await sql`delete from grants where user_id = ${user}`.execute(trx);
  for (const { role, scope } of grants) {
    const place = await placeOf(trx, scope);
    if (place === undefined) throw refuse('bad-request', `there is no cluster "${scope.cluster ?? ''}"`);
    await sql`insert into grants (user_id, role, cluster, namespace, project) values (${user}, ${role}, ${place.cluster}, ${place.namespace}, ${place.project}) on conflict do nothing`.execute(trx);
  }
}

async function newLink(trx: Db, context: Context, user: string, by: string): Promise<z.infer<typeof Link>> {
  const secret = freshSecret();
  const made = await sql<{ expires: string }>`insert into user_links (hash, user_id, created_by, expires_at) values (${hashSecret(secret)}, ${user}, ${by}, now() + interval '24 hours')
    on conflict (user_id) do update set hash = excluded.hash, created_by = excluded.created_by, created_at = now(), expires_at = excluded.expires_at returning expires_at expires`.execute(trx);
  return { id: user, link: `${context.publicUrl}/welcome?token=${secret}`, expires: made.rows[0]?.expires ?? '' };
}

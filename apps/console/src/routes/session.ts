import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import { Scope } from '@palisade/model/scope';
import { audit } from '../audit.ts';
import { checkPassword, hashPassword } from '../auth/password.ts';
import { highestRole, permissions, roles, scopesWith } from '../auth/permission.ts';
import type { Principal } from '../auth/permission.ts';
import { cookieName, hashSecret, openSession } from '../auth/sessions.ts';
import { checkAttempts, noteFailure } from '../auth/throttle.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import { takeFirstRunToken } from '../first-run.ts';
import type { App } from '../http/app.ts';

export const UserName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u, 'letters, digits, ".", "_", "@" and "-", at most 64');
export const NewPassword = z.string().min(12, 'at least 12 characters').max(256);

const Session = z.object({
  user: z.object({ id: z.string(), name: z.string(), role: z.enum(roles), kind: z.enum(['user', 'token']), grants: z.array(z.object({ role: z.enum(roles), scope: Scope })), permissions: z.array(z.string()).describe('held somewhere: which buttons make sense; each call decides for itself') }),
  csrf: z.string(),
});

function sessionOf(principal: Principal): z.infer<typeof Session> {
  return {
    user: { id: principal.id, name: principal.name, role: highestRole(principal), kind: principal.kind, grants: [...principal.grants], permissions: permissions.filter((one) => scopesWith(principal, one).length > 0) },
    csrf: principal.session?.csrf ?? '',
  };
}

/** Signing in and out, and the first administrator. */
export function sessionRoutes(app: App, context: Context): void {
  const { db } = context;
  const cookie = { path: '/', httpOnly: true, sameSite: 'strict' as const };
  const secure = (): boolean => context.publicUrl.startsWith('https:');

  app.get('/api/v1/setup', { config: { permission: 'public' }, schema: { tags: ['session'], summary: 'Is the first administrator still to be made?', response: { 200: z.object({ needed: z.boolean() }) } } }, async () => {
    const users = await sql`select 1 from users limit 1`.execute(db);
    return { needed: users.rows.length === 0 };
  });

  app.post(
    '/api/v1/setup',
    { config: { permission: 'public' }, schema: { tags: ['session'], summary: 'Create the first administrator with the one-time link', body: z.object({ token: z.string(), name: UserName, password: NewPassword }), response: { 200: Session } } },
    async (request, reply) => {
      const { token, name, password } = request.body;
      await checkAttempts(db, 'first-run', request.ip);
      const stored = await hashPassword(password);
      const user = { id: `usr_${randomBytes(10).toString('hex')}`, name };
      const made = await db.transaction().execute(async (trx) => {
        // Serialises two people with the same link; the second finds a user.
        await sql`lock table users in exclusive mode`.execute(trx);
        const users = await sql`select 1 from users limit 1`.execute(trx);
        if (users.rows.length > 0) throw refuse('setup-done');
        if (!(await takeFirstRunToken(trx, token))) return undefined;
        await sql`insert into users (id, name, password, created_by) values (${user.id}, ${name}, ${stored}, 'first run')`.execute(trx);
        await sql`insert into grants (user_id, role) values (${user.id}, 'admin')`.execute(trx);
        await audit(trx, { name, address: request.ip }, 'user.first', user.id);
        return openSession(trx, user);
      });
      if (made === undefined) {
        await noteFailure(db, 'first-run', request.ip);
        throw refuse('setup-link-refused');
      }
      reply.setCookie(cookieName, made.secret, { ...cookie, secure: secure() });
      return sessionOf(made.principal);
    },
  );

  app.post(
    '/api/v1/session/link',
    { config: { permission: 'public' }, schema: { tags: ['session'], summary: 'Choose a password with a one-time link, and sign in', body: z.object({ token: z.string().max(200), password: NewPassword }), response: { 200: Session } } },
    async (request, reply) => {
      const { token, password } = request.body;
      await checkAttempts(db, `link ${request.ip}`, request.ip);
      const stored = await hashPassword(password);
      const made = await db.transaction().execute(async (trx) => {
        const taken = await sql<{ id: string }>`delete from user_links where hash = ${hashSecret(token)} and expires_at > now() returning user_id id`.execute(trx);
        const id = taken.rows[0]?.id;
        if (id === undefined) return undefined;
        const user = await sql<{ id: string; name: string }>`update users set password = ${stored} where id = ${id} and not disabled returning id, name`.execute(trx);
        const found = user.rows[0];
        if (found === undefined) return undefined;
        await sql`delete from sessions where user_id = ${id}`.execute(trx);
        await audit(trx, { name: found.name, address: request.ip }, 'user.welcome', id);
        return openSession(trx, found);
      });
      if (made === undefined) {
        await noteFailure(db, `link ${request.ip}`, request.ip);
        throw refuse('link-refused');
      }
      reply.setCookie(cookieName, made.secret, { ...cookie, secure: secure() });
      return sessionOf(made.principal);
    },
  );

  app.get('/api/v1/session', { config: { permission: 'signed-in' }, schema: { tags: ['session'], summary: 'Who am I', response: { 200: Session } } }, async (request) => sessionOf(request.principal));

  app.post(
    '/api/v1/session',
    { config: { permission: 'public' }, schema: { tags: ['session'], summary: 'Sign in', body: z.object({ name: z.string().max(64), password: z.string().max(256) }), response: { 200: Session } } },
    async (request, reply) => {
      const { name, password } = request.body;
      await checkAttempts(db, name, request.ip);
      const found = await sql<{ id: string; name: string; password: string; disabled: boolean }>`select id, name, password, disabled from users where lower(name) = lower(${name})`.execute(db);
      const user = found.rows[0];
      // An unknown name costs the same time as a wrong password, so that names cannot be told apart.
      const right = await checkPassword(password, user?.password ?? (await unknownHash()));
      if (user === undefined || user.disabled || !right) {
        await noteFailure(db, name, request.ip);
        await audit(db, { name: 'nobody', address: request.ip }, 'session.refused', name);
        throw refuse('wrong-credentials');
      }
      const { secret, principal } = await openSession(db, user);
      await audit(db, { name: user.name, address: request.ip }, 'session.open', user.id);
      await sql`delete from sessions where expires_at < now()`.execute(db);
      reply.setCookie(cookieName, secret, { ...cookie, secure: secure() });
      return sessionOf(principal);
    },
  );

  app.delete('/api/v1/session', { config: { permission: 'signed-in' }, schema: { tags: ['session'], summary: 'Sign out', response: { 200: z.object({}) } } }, async (request, reply) => {
    if (request.principal.session !== undefined) await sql`delete from sessions where hash = ${request.principal.session.hash}`.execute(db);
    reply.clearCookie(cookieName, { path: '/' });
    return {};
  });

  app.put(
    '/api/v1/session/password',
    { config: { permission: 'signed-in' }, schema: { tags: ['session'], summary: 'Change my password', body: z.object({ current: z.string().max(256), next: NewPassword }), response: { 200: z.object({}) } } },
    async (request) => {
      const { principal } = request;
      if (principal.kind !== 'user') throw refuse('forbidden', 'an API token has no password');
      await checkAttempts(db, principal.name, request.ip);
      const found = await sql<{ password: string }>`select password from users where id = ${principal.id}`.execute(db);
      if (!(await checkPassword(request.body.current, found.rows[0]?.password ?? ''))) {
        await noteFailure(db, principal.name, request.ip);
        throw refuse('wrong-credentials', 'the current password is wrong');
      }
      const stored = await hashPassword(request.body.next);
      await db.transaction().execute(async (trx) => {
        await sql`update users set password = ${stored} where id = ${principal.id}`.execute(trx);
        await sql`delete from sessions where user_id = ${principal.id} and hash <> ${principal.session?.hash ?? ''}`.execute(trx);
        await audit(trx, { name: principal.name, address: request.ip }, 'user.password', principal.id);
      });
      return {};
    },
  );
}

let stand: Promise<string> | undefined;

/** A hash of nothing anyone knows, made once per process. */
function unknownHash(): Promise<string> {
  stand ??= hashPassword(randomBytes(32).toString('hex'));
  return stand;
}

import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import { Scope } from '@palisade/model/scope';
import { actorOf, audit } from '../audit.ts';
import { may, personOf, roles } from '../auth/permission.ts';
import { freshSecret, hashSecret, scopeOf } from '../auth/sessions.ts';
import type { Context } from '../context.ts';
import { placeOf } from '../documents/place.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';

export const TokenRow = z.object({ id: z.string(), name: z.string(), role: z.enum(roles), scope: Scope, createdBy: z.string(), createdAt: z.string(), expiresAt: z.string(), usedAt: z.string().nullable(), revokedAt: z.string().nullable() });
export const JoinTokenRow = z.object({ id: z.string(), cluster: z.string(), clusterName: z.string(), createdBy: z.string(), createdAt: z.string(), expiresAt: z.string(), usedAt: z.string().nullable(), usedBy: z.string().nullable(), uses: z.number(), maxUses: z.number(), revokedAt: z.string().nullable() });
const params = z.object({ id: z.string().max(100) });

/** API tokens of programs, and the join tokens of agents that were handed out. */
export function tokenRoutes(app: App, { db }: Context): void {
  app.get('/api/v1/tokens', { config: { permission: 'manage-tokens' }, schema: { tags: ['tokens'], summary: 'API tokens, never their text', response: { 200: z.object({ items: z.array(TokenRow) }) } } }, async () => {
    const rows = await sql<Omit<z.infer<typeof TokenRow>, 'scope'> & { cluster: string; namespace: string; project: string }>`select id, name, role, cluster, namespace, project, created_by "createdBy", created_at "createdAt", expires_at "expiresAt", used_at "usedAt", revoked_at "revokedAt"
      from api_tokens order by revoked_at is not null, expires_at < now(), created_at desc limit 1000`.execute(db);
    return { items: rows.rows.map(({ cluster, namespace, project, ...row }) => ({ ...row, scope: scopeOf({ cluster, namespace, project }) })) };
  });

  app.post('/api/v1/tokens', { config: { permission: 'manage-tokens' }, schema: { tags: ['tokens'], summary: 'Make an API token; its text is shown this once', body: z.object({ name: z.string().min(1).max(100), role: z.enum(roles), scope: Scope.default({}), days: z.number().int().min(1).max(366) }), response: { 200: z.object({ id: z.string(), token: z.string(), expires: z.string() }) } } }, async (request) => {
    const { name, role, scope, days } = request.body;
    const id = `tok_${randomBytes(10).toString('hex')}`;
    // The prefix lets secret scanners (ours among them) know what it is.
    const token = `palisade_${freshSecret()}`;
    return db.transaction().execute(async (trx) => {
      const place = await placeOf(trx, scope);
      if (place === undefined) throw refuse('bad-request', `there is no cluster "${scope.cluster ?? ''}"`);
      const made = await sql<{ expires: string }>`insert into api_tokens (id, name, hash, role, cluster, namespace, project, created_by, expires_at)
        values (${id}, ${name}, ${hashSecret(token)}, ${role}, ${place.cluster}, ${place.namespace}, ${place.project}, ${personOf(request.principal)}, now() + make_interval(days => ${days}::int)) returning expires_at expires`.execute(trx);
      await audit(trx, actorOf(request), 'token.create', id, { name, role, scope, days });
      return { id, token, expires: made.rows[0]?.expires ?? '' };
    });
  });

  app.delete('/api/v1/tokens/:id', { config: { permission: 'manage-tokens' }, schema: { tags: ['tokens'], summary: 'Revoke an API token at once', params, response: { 200: z.object({}) } } }, async (request) => {
    await db.transaction().execute(async (trx) => {
      const found = await sql`update api_tokens set revoked_at = coalesce(revoked_at, now()) where id = ${request.params.id} returning id`.execute(trx);
      if (found.rows.length === 0) throw refuse('not-found');
      await audit(trx, actorOf(request), 'token.revoke', request.params.id);
    });
    return {};
  });

  app.get('/api/v1/join-tokens', { config: { permission: 'manage-agents' }, schema: { tags: ['agents'], summary: 'Join tokens that are open or were made in the last days, never their text', response: { 200: z.object({ items: z.array(JoinTokenRow) }) } } }, async (request) => {
    const rows = await sql<z.infer<typeof JoinTokenRow>>`select j.id, j.cluster, c.name "clusterName", j.created_by "createdBy", j.created_at "createdAt", j.expires_at "expiresAt", j.used_at "usedAt", j.used_by "usedBy", j.uses, j.max_uses "maxUses", j.revoked_at "revokedAt"
      from join_tokens j join clusters c on c.id = j.cluster where (j.created_at > now() - interval '7 days' or j.expires_at > now() and j.revoked_at is null and j.uses < j.max_uses) and (${request.scopes.some((scope) => Object.keys(scope).length === 0)} or j.cluster = any(${request.scopes.flatMap((scope) => scope.cluster ?? [])}::text[])) order by j.created_at desc limit 200`.execute(db);
    return { items: rows.rows };
  });

  app.delete('/api/v1/join-tokens/:id', { config: { permission: 'manage-agents' }, schema: { tags: ['agents'], summary: 'Refuse a join token from now on; who joined with it stays', params, response: { 200: z.object({}) } } }, async (request) => {
    await db.transaction().execute(async (trx) => {
      const found = await sql<{ cluster: string }>`select cluster from join_tokens where id = ${request.params.id} for update`.execute(trx);
      const token = found.rows[0];
      if (token === undefined || !may(request.scopes, { cluster: token.cluster })) throw refuse('not-found');
      await sql`update join_tokens set revoked_at = coalesce(revoked_at, now()) where id = ${request.params.id}`.execute(trx);
      await audit(trx, actorOf(request), 'join-token.revoke', request.params.id, {}, token.cluster);
    });
    return {};
  });
}

import { sql } from 'kysely';
import type { FastifyRequest } from 'fastify';
import { personOf } from './auth/permission.ts';
import type { Db } from './postgres/database.ts';

export type Actor = { readonly name: string; readonly address?: string | undefined };

/** Who did it, as the trail names them: a token stands beside the person whose it is. */
export function actorOf(request: FastifyRequest): Actor {
  const { principal, ip } = request;
  return { name: principal.kind === 'token' ? `${personOf(principal)} (token ${principal.name})` : principal.name, address: ip };
}

/** Adds a line to the append-only trail, in the caller's transaction: no act without its line. Never a secret in `detail`. */
export async function audit(db: Db, actor: Actor, action: string, subject: string, detail: Readonly<Record<string, unknown>> = {}, cluster?: string): Promise<void> {
  await sql`insert into audit (actor, action, subject, cluster, detail, address)
    values (${actor.name}, ${action}, ${subject}, ${cluster ?? null}, ${JSON.stringify(detail)}::jsonb, ${actor.address ?? null})`.execute(db);
}

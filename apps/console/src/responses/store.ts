import { sql } from 'kysely';
import type { Response } from '@palisade/model/response';
import { containerKey } from '../ingest/image-key.ts';
import type { Sender } from '../ingest/kind.ts';
import type { Db } from '../postgres/database.ts';

/** Stores what an agent did: told for the first time a row, told again its count is added and the rest replaced. */
export async function storeResponse(db: Db, body: Response, sender: Pick<Sender, 'cluster' | 'node'>): Promise<void> {
  const { count, undone, ...told } = body;
  const key = body.container === undefined ? null : containerKey(sender.cluster, body.container);
  const stored = JSON.stringify(told);
  const known = await sql`update responses set count = count + ${count}, last_at = greatest(last_at, ${body.lastAt}), result = ${body.result}, undone_at = coalesce(${undone?.at ?? null}, undone_at), undone_by = coalesce(${undone?.by ?? null}, undone_by),
      body = ${stored}::jsonb where id = ${body.id} and node = ${sender.node} and at = ${body.at} returning id`.execute(db);
  if (known.rows.length > 0) return;
  await sql`insert into responses (id, at, last_at, count, cluster, node, container_key, namespace, project, action, result, policy, policy_rule, detection, command, undone_at, undone_by, body)
    select ${body.id}, ${body.at}, ${body.lastAt}, ${Math.max(1, count)}, ${sender.cluster}, ${sender.node}, ${key}, coalesce(c.namespace, ${body.namespace ?? null}), coalesce(c.project, ${body.project ?? null}), ${body.action}, ${body.result},
      ${body.policy?.name ?? null}, ${body.policy?.rule ?? null}, ${body.detection ?? null}, ${body.command ?? null}, ${undone?.at ?? null}, ${undone?.by ?? null}, ${stored}::jsonb
    from (select 1) one left join containers c on c.key = ${key} on conflict do nothing`.execute(db);
}

/** The agent's word on a command: the response made by hand has its result, or the one it took back is marked so. */
export async function settleCommand(db: Db, command: string, node: string, result: 'done' | 'failed', message: string | undefined, at: string): Promise<void> {
  await sql`update responses set result = ${result}, last_at = greatest(last_at, ${at}), body = body || ${JSON.stringify({ result, ...(message === undefined ? {} : { message }) })}::jsonb where command = ${command} and node = ${node}`.execute(db);
  if (result !== 'done') return;
  // Whatever took it back (its own command, or one on the container's page), it is over.
  await sql`update responses r set undone_at = ${at}, undone_by = c.created_by from commands c
    where c.id = ${command} and r.node = ${node} and r.undone_at is null and r.body->>'undo' = c.kind
      and (r.id = c.body->>'response' or (c.kind <> 'allow' and r.container_key is not null and r.body->>'container' = c.body->>'container'))`.execute(db);
}

/** Commands that stand in the history of responses. */
export const responseCommands: ReadonlySet<string> = new Set(['kill-process', 'pause', 'stop', 'kill', 'isolate', 'collect', 'unpause', 'reconnect', 'allow', 'release']);

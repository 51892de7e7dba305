import { sql } from 'kysely';
import type { Response } from '@palisade/model/response';
import type { Scope } from '@palisade/model/scope';
import type { Actor } from '../audit.ts';
import { audit } from '../audit.ts';
import { refuse } from '../errors.ts';
import { addCommand } from '../gateway/commands.ts';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import { responseCommands, storeResponse } from './store.ts';

/** What somebody asks of a node's agent by hand. `subject`: what the audit trail names. */
export type Asking = {
  readonly node: string; readonly cluster: string; readonly kind: string; readonly body: Readonly<Record<string, unknown>>; readonly subject: string; readonly audit: string; readonly actor: Actor;
  readonly about: Pick<Response, 'detection' | 'rule' | 'container' | 'containerName' | 'image' | 'namespace' | 'project' | 'process'>;
};

/** How each kind is taken back again. */
const undoOf: Readonly<Record<string, Response['undo']>> = { pause: 'unpause', isolate: 'reconnect' };

/** Writes the command, its line in the history of responses and in the audit trail; nudge `commands` for the answered agent after the commit. */
export async function askAgent(db: Db, asking: Asking): Promise<{ id: string; agent: string }> {
  const { node, cluster, kind, actor } = asking;
  return db.transaction().execute(async (trx) => {
    const agents = await sql<{ id: string; cluster: string; node: string }>`select id, cluster, node from agents where node = ${node} and cluster = ${cluster} and revoked_at is null order by seen_at desc nulls last limit 1`.execute(trx);
    const agent = agents.rows[0];
    if (agent === undefined) throw refuse('conflict', 'no agent is enrolled on this node');
    const id = await addCommand(trx, agent, { kind, body: { ...asking.body, by: actor.name }, by: actor.name, expiresMinutes: 5 });
    if (responseCommands.has(kind)) {
      const at = new Date().toISOString();
      const undo = undoOf[kind];
      await storeResponse(trx, { ...asking.about, id, at, lastAt: at, count: 1, action: kind as Response['action'], result: 'asked', command: id, ...(undo === undefined ? {} : { undo }) }, { node, cluster });
    }
    await audit(trx, actor, asking.audit, asking.subject, { command: id, node, ...asking.body }, cluster);
    await announce(trx, 'responses', cluster, id);
    return { id, agent: agent.id };
  });
}

export function scopeOfRow(row: { readonly cluster: string; readonly namespace: string | null; readonly project: string | null }): Scope {
  return { cluster: row.cluster, ...(row.namespace === null ? {} : { namespace: row.namespace }), ...(row.project === null ? {} : { project: row.project }) };
}

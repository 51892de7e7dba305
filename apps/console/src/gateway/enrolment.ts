import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { deterministicId } from '@palisade/model/id';
import type { EnrolAnswer, EnrolRequest, RenewAnswer } from '@palisade/model/wire';
import { encodeJoinToken } from '@palisade/model/wire';
import { audit } from '../audit.ts';
import type { Actor } from '../audit.ts';
import { freshSecret, hashSecret } from '../auth/sessions.ts';
import { refuse } from '../errors.ts';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import type { Authority, Issued } from './authority.ts';

/** Makes a join token for a cluster (created when new), for so many nodes and hours. The text is shown once and not kept. */
export async function createJoinToken(
  db: Db,
  authority: Authority,
  url: string,
  cluster: { name: string; kind: string; uses: number; hours: number },
  actor: Actor,
): Promise<{ id: string; token: string; cluster: string; expires: string }> {
  const secret = freshSecret();
  return db.transaction().execute(async (trx) => {
    const id = deterministicId('cls', cluster.name);
    await sql`insert into clusters (id, name, kind) values (${id}, ${cluster.name}, ${cluster.kind}) on conflict do nothing`.execute(trx);
    const made = await sql<{ id: string; expires_at: string }>`
      insert into join_tokens (id, hash, cluster, created_by, max_uses, expires_at) values (${`jtk_${randomBytes(10).toString('hex')}`}, ${hashSecret(secret)}, ${id}, ${actor.name}, ${cluster.uses}, now() + make_interval(hours => ${cluster.hours}::int))
      returning id, expires_at`.execute(trx);
    const row = made.rows[0];
    if (row === undefined) throw refuse('internal');
    await audit(trx, actor, 'join-token.create', row.id, { cluster: cluster.name, uses: cluster.uses, hours: cluster.hours }, id);
    return { id: row.id, token: encodeJoinToken({ url, cluster: id, ca: authority.fingerprint, secret }), cluster: id, expires: row.expires_at };
  });
}

/** Takes one use of a join token and gives the agent its identity. An agent that was on that node before is revoked. */
export async function enrol(db: Db, authority: Authority, request: EnrolRequest, address: string): Promise<EnrolAnswer> {
  const agent = `agt_${randomBytes(10).toString('hex')}`;
  return db.transaction().execute(async (trx) => {
    const used = await sql<{ id: string; cluster: string }>`
      update join_tokens set uses = uses + 1, used_at = now(), used_by = ${agent} where hash = ${hashSecret(request.secret)} and uses < max_uses and expires_at > now() and revoked_at is null returning id, cluster`.execute(trx);
    const token = used.rows[0];
    if (token === undefined) throw refuse('join-token-refused');
    const node = deterministicId('node', token.cluster, request.node.machineId ?? request.node.name);
    const actor = { name: `agent ${agent}`, address };
    const before = await sql<{ id: string }>`update agents set revoked_at = now(), revoked_why = 'superseded' where node = ${node} and revoked_at is null returning id`.execute(trx);
    for (const row of before.rows) await audit(trx, actor, 'agent.supersede', row.id, { by: agent }, token.cluster);
    await sql`insert into agents (id, cluster, node, name, version, seen_at) values (${agent}, ${token.cluster}, ${node}, ${request.node.name}, ${request.version}, now())`.execute(trx);
    await sql`insert into nodes (id, cluster, name) values (${node}, ${token.cluster}, ${request.node.name}) on conflict (id) do update set seen_at = now()`.execute(trx);
    const issued = await authority.issue(request.csr, agent, token.cluster);
    await record(trx, agent, issued);
    await audit(trx, actor, 'agent.enrol', agent, { node: request.node.name, token: token.id }, token.cluster);
    await announce(trx, 'agents', token.cluster, node);
    return { agent, node, cluster: token.cluster, ...answer(authority, issued) };
  });
}

/** A new certificate for an agent that still has a valid one; the old one stays good until it ends. */
export async function renew(db: Db, authority: Authority, agent: { id: string; cluster: string }, csr: string): Promise<RenewAnswer> {
  const issued = await authority.issue(csr, agent.id, agent.cluster);
  await record(db, agent.id, issued);
  return answer(authority, issued);
}

async function record(db: Db, agent: string, issued: Issued): Promise<void> {
  await sql`insert into agent_certificates (serial, agent, not_before, not_after) values (${normalSerial(issued.serial)}, ${agent}, ${issued.notBefore.toISOString()}, ${issued.notAfter.toISOString()})`.execute(db);
}

function answer(authority: Authority, issued: Issued): RenewAnswer {
  return { certificate: issued.certificate, ca: authority.certificate, notAfter: issued.notAfter.toISOString(), renewAfter: issued.renewAfter.toISOString() };
}

/** Lower-case hex without leading zeros: the form in which TLS and our own generator agree. */
export function normalSerial(serial: string): string {
  return serial.toLowerCase().replaceAll(':', '').replace(/^0+/, '');
}

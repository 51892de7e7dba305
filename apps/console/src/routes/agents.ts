import { sql } from 'kysely';
import { z } from 'zod';
import { deterministicId } from '@palisade/model/id';
import { audit } from '../audit.ts';
import { visibleClusters } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import { addCommand } from '../gateway/commands.ts';
import { createJoinToken } from '../gateway/enrolment.ts';
import type { App } from '../http/app.ts';
import { demand } from '../http/guard.ts';
import { announce } from '../live.ts';

const AgentRow = z.object({ id: z.string(), cluster: z.string(), node: z.string(), name: z.string(), version: z.string(), enrolledAt: z.string(), seenAt: z.string().nullable(), revokedAt: z.string().nullable(), revokedWhy: z.string().nullable() });
const CommandRow = z.object({ id: z.string(), agent: z.string(), kind: z.string(), state: z.string(), createdAt: z.string(), createdBy: z.string(), finishedAt: z.string().nullable(), message: z.string().nullable() });
const params = z.object({ id: z.string().max(100) });

/** Agents: join tokens, who is enrolled, revoking, and what they are asked to do. */
export function agentRoutes(app: App, context: Context): void {
  const { db, live, authority } = context;
  const agentOf = async (id: string): Promise<{ id: string; cluster: string; node: string; revoked: boolean }> => {
    const found = await sql<{ id: string; cluster: string; node: string; revoked: boolean }>`select id, cluster, node, revoked_at is not null revoked from agents where id = ${id}`.execute(db);
    const agent = found.rows[0];
    if (agent === undefined) throw refuse('not-found');
    return agent;
  };

  app.get('/api/v1/agents', { config: { permission: 'read' }, schema: { tags: ['agents'], summary: 'Enrolled agents', response: { 200: z.object({ items: z.array(AgentRow) }) } } }, async (request) => {
    const rows = await sql<z.infer<typeof AgentRow>>`select a.id, a.cluster, a.node, a.name, a.version, a.created_at "enrolledAt", a.seen_at "seenAt", a.revoked_at "revokedAt", a.revoked_why "revokedWhy"
      from agents a where ${visibleClusters(request.scopes, 'a.cluster')} order by a.revoked_at is not null, a.name, a.id limit 5000`.execute(db);
    return { items: rows.rows };
  });

  app.post(
    '/api/v1/join-tokens',
    {
      config: { permission: 'manage-agents' },
      schema: {
        tags: ['agents'],
        summary: 'Make a join token, shown once; by default for one node and one hour',
        body: z.object({ cluster: z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/), kind: z.enum(['docker-host', 'kubernetes', 'host']).default('docker-host'), uses: z.number().int().min(1).max(10_000).default(1).describe('how many nodes may join with it'), hours: z.number().int().min(1).max(24 * 90).default(1) }),
        response: { 200: z.object({ id: z.string(), token: z.string(), cluster: z.string(), expires: z.string() }) },
      },
    },
    async (request) => {
      const { cluster, kind, uses, hours } = request.body;
      demand(request, { cluster: deterministicId('cls', cluster) });
      return createJoinToken(db, authority, context.agentUrl, { name: cluster, kind, uses, hours }, { name: request.principal.name, address: request.ip });
    },
  );

  app.post('/api/v1/agents/:id/revoke', { config: { permission: 'manage-agents' }, schema: { tags: ['agents'], summary: 'Refuse this agent from now on', params, response: { 200: z.object({}) } } }, async (request) => {
    const agent = await agentOf(request.params.id);
    demand(request, { cluster: agent.cluster }, 'not-found');
    await db.transaction().execute(async (trx) => {
      await sql`update agents set revoked_at = now(), revoked_why = 'revoked' where id = ${agent.id} and revoked_at is null`.execute(trx);
      await audit(trx, { name: request.principal.name, address: request.ip }, 'agent.revoke', agent.id, {}, agent.cluster);
      await announce(trx, 'agents', agent.cluster, agent.node);
    });
    live.nudge('changes');
    live.nudge('commands', agent.id);
    return {};
  });

  app.post(
    '/api/v1/agents/:id/commands',
    { config: { permission: 'respond' }, schema: { tags: ['agents'], summary: 'Ask an agent to do something', params, body: z.object({ kind: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/), body: z.unknown() }), response: { 200: z.object({ id: z.string() }) } } },
    async (request) => {
      const agent = await agentOf(request.params.id);
      demand(request, { cluster: agent.cluster }, 'not-found');
      if (agent.revoked) throw refuse('conflict', 'this agent is revoked');
      const id = await db.transaction().execute(async (trx) => {
        const made = await addCommand(trx, agent, { kind: request.body.kind, body: request.body.body ?? null, by: request.principal.name });
        await audit(trx, { name: request.principal.name, address: request.ip }, 'command.create', made, { kind: request.body.kind, agent: agent.id }, agent.cluster);
        return made;
      });
      live.nudge('commands', agent.id);
      return { id };
    },
  );

  app.get('/api/v1/commands/:id', { config: { permission: 'read' }, schema: { tags: ['agents'], summary: 'What became of a command', params, response: { 200: CommandRow } } }, async (request) => {
    const found = await sql<z.infer<typeof CommandRow>>`select c.id, c.agent, c.kind, c.state, c.created_at "createdAt", c.created_by "createdBy", c.finished_at "finishedAt", c.message
      from commands c where c.id = ${request.params.id} and ${visibleClusters(request.scopes, 'c.cluster')}`.execute(db);
    const command = found.rows[0];
    if (command === undefined) throw refuse('not-found');
    return command;
  });
}

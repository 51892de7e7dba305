import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { TLSSocket } from 'node:tls';
import type { Readable } from 'node:stream';
import { sql } from 'kysely';
import { z } from 'zod';
import { EnrolRequest, RenewRequest } from '@palisade/model/wire';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import { answerProblems } from '../http/problem.ts';
import type { App } from '../http/app.ts';
import { storeBatch } from '../ingest/batch.ts';
import { ingestKinds } from '../ingest/registry.ts';
import type { Sender } from '../ingest/kind.ts';
import { checkAttempts, noteFailure } from '../auth/throttle.ts';
import { metrics } from '../metrics.ts';
import { createRevisions, desiredPolicy } from '../responses/desired.ts';
import { imageStanding } from '../responses/image-standing.ts';
import { streamCommands } from './commands.ts';
import { enrol, normalSerial, renew } from './enrolment.ts';
import { readItems } from './read-items.ts';

const ImageQuery = z.object({ id: z.string().regex(/^sha256:[0-9a-f]{64}$/) });

/** The door for agents: TLS with client certificates of our own authority (only the CA and enrolment answer without one). */
export async function createGateway(context: Context, hosts: readonly string[]): Promise<App> {
  const { db, authority, live, log } = context;
  const identity = await authority.serverIdentity(hosts);
  const gateway = Fastify({
    loggerInstance: log.child({ part: 'gateway' }) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1 << 20,
    forceCloseConnections: true,
    // Whether a certificate is needed is decided per route; an unknown authority's never passes `agentOf`.
    https: { key: identity.key, cert: `${identity.certificate}\n${authority.certificate}`, ca: authority.certificate, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
  }) as unknown as App;
  answerProblems(gateway);
  const streams = new Set<AbortController>();
  gateway.addHook('preClose', async () => {
    for (const stream of streams) stream.abort();
  });
  gateway.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));

  gateway.get('/agent/v1/ca', async (_request, reply) => reply.type('application/x-pem-file').send(authority.certificate));

  gateway.post('/agent/v1/enrol', async (request) => {
    const body = EnrolRequest.safeParse(request.body);
    if (!body.success) throw refuse('bad-request', `enrolment: ${body.error.issues[0]?.path.join('.') ?? ''}: ${body.error.issues[0]?.message ?? ''}`);
    await checkAttempts(db, 'join token', request.ip);
    try {
      return await enrol(db, authority, body.data, request.ip);
    } catch (error) {
      if ((error as { code?: string }).code === 'join-token-refused') await noteFailure(db, `join token ${request.ip}`, request.ip);
      throw error;
    } finally {
      live.nudge('changes');
    }
  });

  gateway.post('/agent/v1/renew', async (request) => {
    const agent = await agentOf(context, request);
    const body = RenewRequest.safeParse(request.body);
    if (!body.success) throw refuse('bad-request', 'renewal needs {csr}');
    return renew(db, authority, { id: agent.agent, cluster: agent.cluster }, body.data.csr);
  });

  gateway.post('/agent/v1/items', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
    const sender = await agentOf(context, request);
    if (request.headers['content-encoding'] !== 'gzip') throw refuse('bad-request', 'items come as gzip (content-encoding: gzip)');
    const lines = await readItems(request.body as Readable);
    const started = performance.now();
    const answer = await storeBatch(db, ingestKinds, lines, sender);
    metrics.items.inc(answer.stored);
    metrics.batchSeconds.observe((performance.now() - started) / 1000);
    if (answer.refused.length > 0) log.warn({ agent: sender.agent, refused: answer.refused.length, first: answer.refused[0]?.reason }, 'items held: body does not fit its kind');
    if (answer.stored + answer.unknown + answer.refused.length > 0) live.nudge('changes');
    if (answer.stored > 0) {
      context.jobs.summariesDue();
      context.judging.wake();
      context.alerts.wake();
    }
    return answer;
  });

  gateway.get('/agent/v1/policy', async (request) => desiredPolicy(db, (await agentOf(context, request)).cluster, context.virtualPatches));

  gateway.get('/agent/v1/image', async (request) => {
    const { cluster } = await agentOf(context, request);
    const query = ImageQuery.safeParse(request.query);
    if (!query.success) throw refuse('bad-request', 'id: an image id (sha256:…) is needed');
    return imageStanding(db, cluster, query.data.id);
  });

  const revisions = createRevisions(db, context.virtualPatches);
  gateway.get('/agent/v1/commands', async (request, reply) => {
    const { agent, cluster } = await agentOf(context, request);
    const stop = new AbortController();
    streams.add(stop);
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    request.raw.socket.on('close', () => stop.abort());
    try {
      await streamCommands(db, live, agent, () => revisions(cluster), (line) => reply.raw.write(`${JSON.stringify(line)}\n`), stop.signal);
    } catch (error) {
      log.warn({ agent, error: String(error) }, 'command stream ended');
    } finally {
      streams.delete(stop);
      reply.raw.end();
    }
  });
  return gateway;
}

/** Which agent this connection belongs to. Asked of the database each time: a revoked certificate fails at once. */
async function agentOf(context: Context, request: FastifyRequest): Promise<Sender> {
  const socket = request.raw.socket as TLSSocket;
  if (!socket.authorized) throw refuse('certificate-refused');
  const found = await sql<Sender>`
    update agents a set seen_at = case when a.seen_at > now() - interval '5 seconds' then a.seen_at else now() end from agent_certificates c
    where c.serial = ${normalSerial(socket.getPeerCertificate().serialNumber ?? '')} and c.agent = a.id and c.not_after > now() and a.revoked_at is null
    returning a.cluster, a.node, a.id as agent`.execute(context.db);
  const sender = found.rows[0];
  if (sender === undefined) throw refuse('certificate-refused');
  return sender;
}

import { sql } from 'kysely';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { registry } from '../metrics.ts';
import { metrics } from '../metrics.ts';

const state = z.object({ status: z.enum(['ok', 'starting']), version: z.string() });

/** Is it alive, can it serve, what does it measure, what does it offer. */
export function serviceRoutes(app: App, context: Context): void {
  const { db, version } = context;
  app.addHook('onResponse', async (request, reply) => {
    metrics.requestSeconds.observe({ route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) }, reply.elapsedTime / 1000);
  });
  app.get('/healthz', { config: { permission: 'public' }, schema: { tags: ['service'], summary: 'The process lives', response: { 200: state } } }, async () => ({ status: 'ok' as const, version }));
  app.get('/readyz', { config: { permission: 'public' }, schema: { tags: ['service'], summary: 'It can serve: the database answers, and it is not about to stop', response: { 200: state } } }, async () => {
    if (context.stopping) throw refuse('stopping');
    await sql`select 1`.execute(db);
    return { status: 'ok' as const, version };
  });
  app.get('/metrics', { config: { permission: 'manage-settings' }, schema: { tags: ['service'], summary: 'Prometheus metrics' } }, async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/api/openapi.json', { config: { permission: 'public' }, schema: { hide: true } }, async () => app.swagger());
}

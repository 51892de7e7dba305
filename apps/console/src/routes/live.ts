import { z } from 'zod';
import type { Context } from '../context.ts';
import { may } from '../auth/permission.ts';
import type { App } from '../http/app.ts';

/** A stream ends after this long, so that a session that ended meanwhile is noticed when the browser comes back. */
const lifeMs = 10 * 60_000;
const pingMs = 15_000;

/** Server-sent events: which topics changed. Pages ask for the data themselves, under their own permission. */
export function liveRoutes(app: App, { live }: Context): void {
  const open = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const end of open) end();
  });
  app.get('/api/v1/live', { config: { permission: 'read' }, schema: { tags: ['service'], summary: 'Changes as server-sent events: {topic, cluster, subject}', querystring: z.object({}) } }, async (request, reply) => {
    const { scopes } = request;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-accel-buffering': 'no' });
    raw.write('retry: 2000\nevent: ready\ndata: {}\n\n');
    const leave = live.follow((change) => {
      // A narrow role hears of its cluster that something changed, never what: subjects are ids of things it may not see.
      const whole = change.cluster === null ? scopes.some((scope) => scope.cluster === undefined) : may(scopes, { cluster: change.cluster });
      const near = change.cluster === null || scopes.some((scope) => scope.cluster === undefined || scope.cluster === change.cluster);
      if (!near) return;
      // A reader that has stopped reading must not fill our memory: it comes back and asks anew.
      if (raw.writableLength > 1 << 20) end();
      else raw.write(`id: ${change.cursor}\ndata: ${JSON.stringify({ topic: change.topic, ...(whole ? { cluster: change.cluster, subject: change.subject } : {}) })}\n\n`);
    });
    const ping = setInterval(() => raw.write(': ping\n\n'), pingMs);
    const life = setTimeout(() => end(), lifeMs);
    const end = (): void => {
      leave();
      clearInterval(ping);
      clearTimeout(life);
      open.delete(end);
      raw.end();
    };
    open.add(end);
    request.raw.socket.on('close', end);
  });
}

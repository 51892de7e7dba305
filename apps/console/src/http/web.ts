import fastifyStatic from '@fastify/static';
import type { App } from './app.ts';

/**
 * Serves the built pages; an unknown path outside the API gets the page shell, which routes by itself. One route of
 * our own instead of the plugin's: every route must name its permission when it is made.
 */
export async function serveWeb(app: App, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    setHeaders(reply, file) {
      // Built assets carry a content hash in their name; the shell must be asked for again.
      reply.header('cache-control', file.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.get('/*', { config: { permission: 'public' }, schema: { hide: true } }, async (request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    if (path.startsWith('/api/')) return reply.callNotFound();
    return reply.sendFile(/\.[a-z0-9]+$/i.test(path) ? path.slice(1) : 'index.html');
  });
}

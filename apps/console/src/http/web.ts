import fastifyStatic from '@fastify/static';
import type { App } from './app.ts';

/** Serves the built pages; an unknown path outside the API gets the page shell, which routes by itself. */
export async function serveWeb(app: App, folder: string): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, permission: 'public' };
    });
    await scope.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      setHeaders(reply, file) {
        // Built assets carry a content hash in their name; the shell must be asked for again.
        reply.header('cache-control', file.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
    scope.get('/*', { schema: { hide: true } }, async (request, reply) => {
      if (request.url.startsWith('/api/') || /\.[a-z0-9]+($|\?)/i.test(request.url)) return reply.callNotFound();
      return reply.type('text/html').sendFile('index.html');
    });
  });
}

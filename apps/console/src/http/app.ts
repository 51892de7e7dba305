import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '@palisade/model/scope';
import type { Principal, RoutePermission } from '../auth/permission.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import { guard } from './guard.ts';
import { answerProblems } from './problem.ts';

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: RoutePermission;
  }
  interface FastifyRequest {
    /** Who asks; set by the guard before any handler of a route that is not public. */
    principal: Principal;
    /** Where the asker holds the route's permission. */
    scopes: readonly Scope[];
  }
}

/** JSON bodies beyond this are refused; feed bundles and scans have routes with their own limit. */
const bodyLimit = 2 << 20;

/** `requestsPerMinute` by address, over all routes of this replica; 0 is no limit. */
export type HttpLimits = { readonly requestsPerMinute: number; readonly trustedProxies: readonly string[] };

/** The HTTP app of people and their tools: validation, guard, problem answers and OpenAPI; routes are added by the caller. */
export async function createApp(context: Context, limits: HttpLimits = { requestsPerMinute: 6000, trustedProxies: [] }): Promise<App> {
  const app = Fastify({
    loggerInstance: context.log.child({ part: 'http' }) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // Only what a named proxy says of its client is believed: sign-in limits and the audit trail go by address.
    trustProxy: limits.trustedProxies.length > 0 ? [...limits.trustedProxies] : false,
    // A feed bundle of some hundred megabytes over a slow line; other bodies are small, and the limit on headers stays.
    requestTimeout: 1_800_000,
    forceCloseConnections: true,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerProblems(app);
  await app.register(cookie);
  if (limits.requestsPerMinute > 0) {
    // Before the guard, which asks the database: a flood must be cheap to refuse. Probes are never refused.
    await app.register(rateLimit, { global: false, max: limits.requestsPerMinute, timeWindow: 60_000, allowList: (request) => request.url === '/healthz' || request.url === '/readyz', errorResponseBuilder: () => refuse('too-many-requests') });
    app.addHook('onRequest', app.rateLimit());
  }
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Palisade console', version: context.version, description: 'Errors are RFC 9457 problem documents with a stable `code`. Lists are paged by an opaque `cursor`.' },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'palisade_session', description: 'Unsafe methods also need the header x-csrf-token.' },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ session: [] }, { token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  guard(app, context.db);
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('x-frame-options', 'DENY').header('referrer-policy', 'no-referrer');
    reply.header('cross-origin-opener-policy', 'same-origin').header('cross-origin-resource-policy', 'same-origin').header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
    if (context.publicUrl.startsWith('https:')) reply.header('strict-transport-security', 'max-age=31536000');
    // What the API answers is for the asker alone, and true only now.
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    reply.header('content-security-policy', "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'");
  });
  return app;
}

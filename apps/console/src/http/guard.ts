import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Scope } from '@palisade/model/scope';
import { may, scopesWith } from '../auth/permission.ts';
import type { Principal } from '../auth/permission.ts';
import { cookieName, principalOfSession, principalOfToken } from '../auth/sessions.ts';
import { refuse } from '../errors.ts';
import type { Db } from '../postgres/database.ts';
import type { App } from './app.ts';

/** Puts the guard before every route; a route that names no permission stops the console from starting. */
export function guard(app: App, db: Db): void {
  app.decorateRequest('principal', null as unknown as Principal);
  app.decorateRequest('scopes', null as unknown as readonly Scope[]);
  app.addHook('onRoute', (route) => {
    if (route.config?.permission === undefined) throw new Error(`route ${String(route.method)} ${route.url} names no permission`);
  });
  app.addHook('onRequest', async (request) => {
    const permission = request.routeOptions.config.permission;
    if (permission === undefined && request.is404) return;
    if (permission === 'public') return;
    if (permission === undefined) throw refuse('forbidden');
    const principal = await whoAsks(db, request);
    if (principal === undefined) throw refuse('not-signed-in');
    request.principal = principal;
    if (permission === 'signed-in') {
      request.scopes = [];
      return;
    }
    request.scopes = scopesWith(principal, permission);
    if (request.scopes.length === 0) throw refuse('forbidden', `this needs the permission "${permission}"`);
  });
}

/** Refuses unless the asker holds the route's permission at `place`. What may not be seen is "not found". */
export function demand(request: FastifyRequest, place: Scope, otherwise: 'forbidden' | 'not-found' = 'forbidden'): void {
  if (!may(request.scopes, place)) throw refuse(otherwise);
}

async function whoAsks(db: Db, request: FastifyRequest): Promise<Principal | undefined> {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return principalOfToken(db, bearer);
  const secret = request.cookies[cookieName];
  if (secret === undefined) return undefined;
  const principal = await principalOfSession(db, secret);
  if (principal?.session !== undefined && !['GET', 'HEAD', 'OPTIONS'].includes(request.method)) {
    const given = request.headers['x-csrf-token'];
    if (typeof given !== 'string' || !sameText(given, principal.session.csrf)) throw refuse('csrf-mismatch');
  }
  return principal;
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

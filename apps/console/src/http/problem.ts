import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { PalisadeError } from '@palisade/model/error';
import { refuse, titleOf } from '../errors.ts';
import type { App } from './app.ts';
import { databaseIsAway } from '../postgres/away.ts';

/** RFC 9457; `code` is the stable name of the error, `errors` the fields at fault. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  retryable: z.boolean(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  about: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
type Problem = z.infer<typeof Problem>;

/** Turns whatever a handler threw into problem+json; what is our fault goes to the log, not to the asker. */
export function answerProblems(app: App): void {
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) request.log.error({ err: error, route: request.routeOptions.url, code: problem.code }, 'request failed');
    return reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).type('application/problem+json').serializer(JSON.stringify).send(problemOf(refuse('not-found', `no route ${request.method} ${request.url.split('?')[0] ?? ''}`))),
  );
}

function problemOf(error: Error & { statusCode?: number; code?: string }): Problem {
  if (error instanceof PalisadeError) {
    const about = Object.keys(error.detail).length === 0 ? {} : { about: { ...error.detail } };
    return { type: 'about:blank', title: titleOf(error.code) ?? error.message, status: error.status, code: error.code, detail: error.message, retryable: error.retryable, ...about };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((issue) => ({ path: issue.instancePath, message: issue.message ?? 'not valid' }));
    return { ...problemOf(refuse('bad-request', errors.map((issue) => `${issue.path || '/'}: ${issue.message}`).join('; '))), errors };
  }
  if (isResponseSerializationError(error)) return problemOf(refuse('internal'));
  if (error.statusCode === 413) return problemOf(refuse('too-large'));
  if (error.statusCode !== undefined && error.statusCode < 500) return problemOf(refuse('bad-request', error.message));
  if (databaseIsAway(error)) return problemOf(refuse('database-away'));
  if (error.code === '23505') return problemOf(refuse('conflict'));
  return problemOf(refuse('internal'));
}

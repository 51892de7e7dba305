import { sql } from 'kysely';
import { z } from 'zod';
import { actorOf, audit } from '../audit.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { announce } from '../live.ts';
import { taskStates } from '../tasks/store.ts';

/** Long work: `done` of `total` (null: not known), `step` says what is being done now or what came of it. */
export const TaskRow = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  state: z.enum(taskStates),
  done: z.number(),
  total: z.number().nullable(),
  step: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullable(),
  error: z.string().nullable(),
  startedBy: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  finishedAt: z.string().nullable(),
});
const columns = sql`id, kind, subject, state, done, total, step, error, started_by "startedBy", created_at "createdAt", updated_at "updatedAt", finished_at "finishedAt"`;
const params = z.object({ id: z.string().max(100) });

/** What runs in the background, and ending it. */
export function taskRoutes(app: App, { db, live }: Context): void {
  app.get('/api/v1/tasks', { config: { permission: 'read' }, schema: { tags: ['tasks'], summary: 'Open tasks, then the last finished ones', response: { 200: z.object({ items: z.array(TaskRow) }) } } }, async () => {
    const rows = await sql<z.infer<typeof TaskRow>>`select ${columns} from tasks order by finished_at is not null, created_at desc limit 50`.execute(db);
    return { items: rows.rows };
  });
  app.get('/api/v1/tasks/:id', { config: { permission: 'read' }, schema: { tags: ['tasks'], summary: 'One task', params, response: { 200: TaskRow } } }, async (request) => {
    const rows = await sql<z.infer<typeof TaskRow>>`select ${columns} from tasks where id = ${request.params.id}`.execute(db);
    if (rows.rows[0] === undefined) throw refuse('not-found');
    return rows.rows[0];
  });
  app.post('/api/v1/tasks/:id/cancel', { config: { permission: 'manage-feeds' }, schema: { tags: ['tasks'], summary: 'Ask a pull to end', params, response: { 200: z.object({}) } } }, async (request) => {
    await db.transaction().execute(async (trx) => {
      const found = await sql`update tasks set cancelled = true where id = ${request.params.id} and kind = 'feed-pull' and finished_at is null returning id`.execute(trx);
      if (found.rows.length === 0) throw refuse('not-found', 'there is no such open task that can be ended');
      await audit(trx, actorOf(request), 'task.cancel', request.params.id);
      await announce(trx, 'tasks', null, request.params.id);
    });
    live.nudge('changes');
    return {};
  });
}

import { sql } from 'kysely';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { App } from '../http/app.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';

export const AuditRow = z.object({ id: z.string(), at: z.string(), actor: z.string(), action: z.string(), subject: z.string(), cluster: z.string().nullable(), detail: z.record(z.string(), z.unknown()), address: z.string().nullable() });

/** The audit trail, newest first. Nothing changes it: there is no route to, and the database refuses. */
export function auditRoutes(app: App, { db }: Context): void {
  app.get(
    '/api/v1/audit',
    {
      config: { permission: 'read-audit' },
      schema: {
        tags: ['audit'],
        summary: 'The audit trail',
        querystring: z.object({ ...pageQuery, actor: z.string().max(200).optional(), action: z.string().max(100).optional().describe('beginning of an action, such as "user."'), subject: z.string().max(200).optional(), from: z.iso.datetime().optional(), until: z.iso.datetime().optional() }),
        response: { 200: pageOf(AuditRow) },
      },
    },
    async (request) => {
      const { actor, action, subject, from, until, limit, cursor } = request.query;
      const where = [sql<boolean>`true`];
      if (actor !== undefined) where.push(sql`a.actor ilike ${`${likeText(actor)}%`}`);
      if (action !== undefined) where.push(sql`a.action ilike ${`${likeText(action)}%`}`);
      if (subject !== undefined) where.push(sql`a.subject = ${subject}`);
      if (from !== undefined) where.push(sql`a.at >= ${from}::timestamptz`);
      if (until !== undefined) where.push(sql`a.at < ${until}::timestamptz`);
      return list<z.infer<typeof AuditRow>>(db, {
        select: sql`a.id::text id, a.at, a.actor, a.action, a.subject, a.cluster, a.detail, a.address`,
        from: sql`audit a`,
        where,
        sort: [
          { by: sql`a.at`, type: 'timestamptz', order: 'desc', field: 'at' },
          { by: sql`a.id`, type: 'bigint', order: 'desc', field: 'id' },
        ],
        limit,
        cursor,
      });
    },
  );
}

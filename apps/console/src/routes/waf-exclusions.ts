import { sql } from 'kysely';
import { z } from 'zod';
import { WafExclusion, WafSite } from '@palisade/model/waf-site';
import { may, personOf, scopesWith } from '../auth/permission.ts';
import { visibleClusters } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { scopeOfPlace } from '../documents/place.ts';
import { saveDocument } from '../documents/save.ts';
import { findDocument } from '../documents/store.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { DocumentRow, shown } from './documents.ts';

/** What an exclusion would take from a rule, from the events of the last seven days. */
export const ExclusionEffect = z.object({ exclusion: WafExclusion.pick({ rule: true, method: true, path: true, variable: true }).nullable(), why: z.string().nullable(), events: z.number(), blocked: z.number(), clients: z.number(), onlyThis: z.number() });

const part = z.object({ rule: z.coerce.number().int(), variable: z.string().max(1000) });

/** Exclusions made from hits: the narrowest one for a match, what it would change, and its way into a site's document. */
export function wafExclusionRoutes(app: App, { db, live }: Context): void {
  async function eventOf(id: string, scopes: Parameters<typeof visibleClusters>[0]): Promise<{ path: string; method: string; site: string; cluster: string }> {
    const found = await sql<{ path: string; method: string; site: string; cluster: string }>`select w.path, w.method, w.site, w.cluster from waf_events w where w.id = ${id} and ${visibleClusters(scopes, 'w.cluster')} limit 1`.execute(db);
    const row = found.rows[0];
    if (row === undefined) throw refuse('not-found');
    return row;
  }

  app.get(
    '/api/v1/waf/events/:id/exclusion',
    { config: { permission: 'read' }, schema: { tags: ['web protection'], summary: 'The narrowest exclusion for a match, and which requests of seven days it would have concerned', params: z.object({ id: z.string().max(200) }), querystring: part, response: { 200: ExclusionEffect } } },
    async (request) => {
      const { rule, variable } = request.query;
      const { path, method, site, cluster } = await eventOf(request.params.id, request.scopes);
      const wanted = { rule, method, path, variable };
      const read = WafExclusion.pick({ rule: true, method: true, path: true, variable: true }).safeParse(wanted);
      const counted = await sql<{ events: number; blocked: number; clients: number; onlyThis: number }>`select count(*)::int events, count(*) filter (where w.action = 'blocked')::int blocked, count(distinct w.client)::int clients,
          count(*) filter (where not exists (select 1 from jsonb_array_elements(w.body->'matches') m where m->>'variable' not like 'TX:%' and (m->>'rule' <> ${String(rule)} or m->>'variable' <> ${variable})))::int "onlyThis"
        from waf_events w where w.at > now() - interval '7 days' and w.cluster = ${cluster} and w.site = ${site} and w.method = ${method} and w.path = ${path} and w.body->'matches' @> jsonb_build_array(jsonb_build_object('rule', ${rule}::int, 'variable', ${variable}::text))`.execute(db);
      const [issue] = read.success ? [] : read.error.issues;
      return { exclusion: read.success ? read.data : null, why: issue === undefined ? null : `${issue.path.join('.')}: ${issue.message}`, ...(counted.rows[0] ?? { events: 0, blocked: 0, clients: 0, onlyThis: 0 }) };
    },
  );

  app.post(
    '/api/v1/waf/events/:id/exclusion',
    {
      config: { permission: 'edit-policy' },
      schema: {
        tags: ['web protection'], summary: 'Adds the exclusion to a site\'s document', params: z.object({ id: z.string().max(200) }), response: { 200: DocumentRow },
        body: part.extend({ document: z.string().max(100), version: z.number().int(), reason: WafExclusion.shape.reason, until: WafExclusion.shape.until }),
      },
    },
    async (request) => {
      const { rule, variable, document: id, version, reason, until } = request.body;
      const { path, method } = await eventOf(request.params.id, request.scopes);
      const stored = await db.transaction().execute(async (trx) => {
        const before = await findDocument(trx, id, true);
        if (before?.document.kind !== 'WafSite' || !may(scopesWith(request.principal, 'read'), scopeOfPlace(before))) throw refuse('not-found');
        const { document } = before;
        const exclusion = { rule, method, path, variable, reason, owner: personOf(request.principal), until };
        const same = (one: WafExclusion): boolean => one.rule === rule && one.method === method && one.path === path && one.variable === variable;
        const next = WafSite.safeParse({ ...document, spec: { ...document.spec, exclusions: [...document.spec.exclusions.filter((one) => !same(one)), exclusion] } });
        if (!next.success) throw refuse('invalid-document', `${next.error.issues[0]?.path.join('.') ?? ''}: ${next.error.issues[0]?.message ?? ''}`);
        const saved = await saveDocument(trx, request, next.data, { expected: version });
        return saved.document;
      });
      live.nudge('changes');
      live.nudge('commands'); // agents act by sites
      return shown(stored);
    },
  );
}

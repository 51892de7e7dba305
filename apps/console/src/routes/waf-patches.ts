import { sql } from 'kysely';
import { z } from 'zod';
import { scopesWith } from '../auth/permission.ts';
import { visibleClusters } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { concerning } from '../documents/place.ts';
import type { App } from '../http/app.ts';

export const PatchOffer = z.object({ rules: z.array(z.number()), images: z.number(), sites: z.array(z.object({ id: z.string(), name: z.string(), on: z.boolean() })) });

/** Vulnerabilities whose known use a rule of the firewall stops. */
export function wafPatchRoutes(app: App, { db, virtualPatches }: Context): void {
  app.get(
    '/api/v1/waf/patches/:cve',
    { config: { permission: 'read' }, schema: { tags: ['web protection'], summary: 'Which virtual patches are known for a vulnerability, and which sites put them before containers that have it', params: z.object({ cve: z.string().max(100) }), response: { 200: PatchOffer } } },
    async (request) => {
      const { cve } = request.params;
      const rules = virtualPatches.filter(({ cves }) => cves.includes(cve)).map(({ rule }) => rule);
      if (rules.length === 0) return { rules, images: 0, sites: [] };
      const images = await sql<{ n: number }>`select count(distinct i.key)::int n from findings f join images i on i.key = f.image_key where i.running > 0 and (f.rule = ${cve} or f.aliases @> array[${cve}]::text[]) and ${visibleClusters(request.scopes, 'f.cluster')}`.execute(db);
      const sites = await sql<{ id: string; name: string; on: boolean }>`select d.id, d.name, d.state = 'active' and coalesce((d.document->'spec'->>'virtualPatches')::boolean, false) "on" from documents d where d.kind = 'WafSite' and ${concerning(scopesWith(request.principal, 'read'), 'd')} order by d.name limit 200`.execute(db);
      return { rules, images: images.rows[0]?.n ?? 0, sites: sites.rows };
    },
  );
}

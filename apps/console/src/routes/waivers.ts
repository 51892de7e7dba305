import { sql } from 'kysely';
import { z } from 'zod';
import type { Finding } from '@palisade/model/finding';
import type { Waiver } from '@palisade/model/waiver';
import { compileWaivers } from '@palisade/verdict/waiver/compile';
import { actorOf } from '../audit.ts';
import { may, personOf, scopesWith } from '../auth/permission.ts';
import { visibleImages, visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { concerning, scopeOfPlace } from '../documents/place.ts';
import { knownPlace } from '../documents/save.ts';
import { decideDocument, documentColumns, findDocument } from '../documents/store.ts';
import type { StoredDocument } from '../documents/store.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';
import { markDue, mayMatch } from '../judging/due.ts';
import { clusterNames, counted } from '../judging/setup.ts';
import type { StoredImage } from '../judging/stored.ts';
import { previewRuntime } from '../responses/waiver-preview.ts';
import { DocumentRow, oneDocument, shown } from './documents.ts';

/** `standing`: requested and rejected as decided; expired by its end; unused: living and matching nothing now. */
const standings = ['requested', 'rejected', 'expired', 'unused', 'in-use', 'pending'] as const;
export const WaiverRow = DocumentRow.extend({ standing: z.enum(standings), findings: z.number(), images: z.number(), ends: z.string().nullable() });
export const Preview = z.object({
  findings: z.number(),
  images: z.number(),
  /** False: the candidates were too many to look at all; the numbers are "at least". */
  exact: z.boolean(),
  samples: z.array(z.object({ image: z.string(), imageName: z.string(), finding: z.string(), rule: z.string(), package: z.string().nullable(), severity: z.string() })),
});
const params = z.object({ id: z.string().max(100) });

const ends = sql`d.document->'spec'->'until'->>'date'`;
// Waivers of runtime rules are counted by the detections they set aside, over the time those are kept.
const setAside = sql`(d.document->'spec'->>'target' = 'runtimeRule' and w.waived_by = d.name and d.cluster in ('', w.cluster))`;
const used = sql`(exists (select 1 from waiver_uses u where u.waiver = d.id) or exists (select 1 from detections w where ${setAside}))`;
const today = sql`to_char(now() at time zone 'UTC', 'YYYY-MM-DD')`;
const standing = sql`case when d.state in ('requested', 'rejected') then d.state when ${ends} < ${today} then 'expired' when ${used} then 'in-use'
  when exists (select 1 from images i where i.due > 0 and i.status is not null) then 'pending' else 'unused' end`;

/** Most candidate findings a preview looks at. */
const previewCandidates = 10_000;

/** Waivers: their standing, what they match now, and the decision about a request. */
export function waiverRoutes(app: App, context: Context): void {
  const { db, live, judging } = context;

  app.get(
    '/api/v1/waivers',
    {
      config: { permission: 'read' },
      schema: { tags: ['waivers'], summary: 'List waivers with their standing', querystring: z.object({ ...pageQuery, q: z.string().max(200).optional().describe('part of a name, rule, package or reason'), standing: z.enum(standings).optional() }), response: { 200: pageOf(WaiverRow) } },
    },
    async (request) => {
      const { q, limit, cursor } = request.query;
      const where = [sql<boolean>`d.kind = 'Waiver'`, concerning(request.scopes, 'd')];
      if (q !== undefined) {
        const pattern = `%${likeText(q)}%`;
        where.push(sql`(d.name ilike ${pattern} or d.document->'spec'->'match'->>'rule' ilike ${pattern} or d.document->'spec'->'match'->>'package' ilike ${pattern} or d.document->'spec'->>'reason' ilike ${pattern})`);
      }
      if (request.query.standing !== undefined) where.push(sql`${standing} = ${request.query.standing}`);
      const page = await list<StoredDocument & Pick<z.infer<typeof WaiverRow>, 'standing' | 'findings' | 'images' | 'ends'>>(db, {
        select: sql`${documentColumns}, ${standing} standing, ${ends} ends,
          ((select coalesce(sum(u.findings), 0)::int from waiver_uses u where u.waiver = d.id) + (select coalesce(sum(w.count), 0)::int from detections w where ${setAside})) findings, (select count(*)::int from waiver_uses u where u.waiver = d.id) images`,
        from: sql`documents d`,
        where,
        sort: [
          { by: sql`(case d.state when 'requested' then 0 else 1 end)`, type: 'int', order: 'asc', field: 'state' },
          { by: sql`d.name`, type: 'text', order: 'asc', field: 'name' },
          { by: sql`d.id`, type: 'text', order: 'asc', field: 'id' },
        ],
        limit,
        cursor,
      });
      return { ...page, items: page.items.map((row) => ({ ...shown(row), standing: row.standing, findings: row.findings, images: row.images, ends: row.ends })) };
    },
  );

  app.get('/api/v1/waivers/:id', { config: { permission: 'read' }, schema: { tags: ['waivers'], summary: 'One waiver, with the images it works in', params, response: { 200: WaiverRow.extend({ where: z.array(z.object({ id: z.string(), name: z.string(), findings: z.number() })) }) } } }, async (request) => {
    const found = await sql<StoredDocument & Pick<z.infer<typeof WaiverRow>, 'standing' | 'ends'>>`select ${documentColumns}, ${standing} standing, ${ends} ends from documents d where d.id = ${request.params.id} and d.kind = 'Waiver' and ${concerning(request.scopes, 'd')}`.execute(db);
    const waiver = found.rows[0];
    if (waiver === undefined) throw refuse('not-found');
    const uses = await sql<{ id: string; name: string; findings: number }>`select i.key id, i.name, u.findings from waiver_uses u join images i on i.key = u.image_key where u.waiver = ${waiver.id} and ${visibleImages(request.scopes, 'i')} order by u.findings desc, i.name limit 500`.execute(db);
    const { standing: now, ends: end, ...document } = waiver;
    if (waiver.document.kind === 'Waiver' && waiver.document.spec.target === 'runtimeRule') {
      const aside = await sql<{ n: number }>`select coalesce(sum(w.count), 0)::int n from detections w where w.waived_by = ${waiver.name} and ${visiblePlaces(request.scopes, 'w')}`.execute(db);
      return { ...shown(document), standing: now, ends: end, findings: aside.rows[0]?.n ?? 0, images: 0, where: [] };
    }
    return { ...shown(document), standing: now, ends: end, findings: uses.rows.reduce((sum, row) => sum + row.findings, 0), images: uses.rows.length, where: uses.rows };
  });

  app.post('/api/v1/waivers/preview', { config: { permission: 'read' }, schema: { tags: ['waivers'], summary: 'What a waiver would match now', body: z.object({ text: z.string().max(1 << 20) }), response: { 200: Preview } } }, async (request) => {
    const document = oneDocument(request.body.text, 'document');
    if (document.kind !== 'Waiver') throw refuse('invalid-document', `a waiver is expected here, not a ${document.kind}`);
    return preview(document, request.scopes);
  });

  const preview = async (document: Waiver, scopes: Parameters<typeof visibleImages>[0]): Promise<z.infer<typeof Preview>> => {
    const place = await knownPlace(db, document);
    const names = await clusterNames(db);
    const { scope } = counted({ id: 'draft', ...place, document }, names);
    const [compiled] = compileWaivers({ ...document, metadata: { ...document.metadata, scope } });
    const answer: z.infer<typeof Preview> = { findings: 0, images: 0, exact: true, samples: [] };
    if (document.spec.target === 'runtimeRule') return previewRuntime(db, document, place.cluster, scopes, names, previewCandidates);
    if (compiled === undefined) return answer;
    const rows = await sql<{ image: string; body: Finding }>`select f.image_key image, f.body from findings f join images i on i.key = f.image_key
      where ${mayMatch(document.spec)} and ${visibleImages(scopes, 'i')} ${place.cluster === '' ? sql`` : sql`and i.cluster = ${place.cluster}`} order by f.image_key limit ${previewCandidates + 1}`.execute(db);
    answer.exact = rows.rows.length <= previewCandidates;
    const keys = [...new Set(rows.rows.map((row) => row.image))];
    const [images, containers] = await Promise.all([
      sql<Pick<StoredImage, 'key' | 'name' | 'names' | 'cluster'>>`select key, name, names, cluster from images where key = any(${keys}::text[])`.execute(db),
      sql<{ image: string; namespace: string; project: string; workload: string }>`select distinct image_key image, coalesce(namespace, '') namespace, coalesce(project, '') project, coalesce(workload, '') workload from containers where removed_at is null and image_key = any(${keys}::text[])`.execute(db),
    ]);
    const applying = new Map<string, string>();
    for (const image of images.rows) {
      const cluster = names.get(image.cluster) ?? image.cluster;
      const runs = containers.rows.filter((row) => row.image === image.key);
      const places = runs.length === 0 ? [{ namespace: '', project: '', workload: '' }] : runs;
      if (places.some(({ namespace, project, workload }) => compiled.appliesTo({ cluster, namespace, project, workload, images: [image.name, ...image.names] }))) applying.set(image.key, image.name);
    }
    const touched = new Set<string>();
    for (const { image, body } of rows.rows.slice(0, previewCandidates)) {
      const imageName = applying.get(image);
      if (imageName === undefined || !compiled.matches(body)) continue;
      answer.findings += 1;
      touched.add(image);
      if (answer.samples.length < 50) answer.samples.push({ image, imageName, finding: body.id, rule: body.rule, package: body.package ?? null, severity: body.severity });
    }
    answer.images = touched.size;
    return answer;
  };

  for (const decision of ['approve', 'reject'] as const) {
    app.post(
      `/api/v1/waivers/:id/${decision}`,
      { config: { permission: 'approve-waiver' }, schema: { tags: ['waivers'], summary: decision === 'approve' ? 'Approve a requested waiver (never one\'s own)' : 'Reject a requested waiver, with a reason', params, body: z.object({ version: z.number().int(), note: decision === 'approve' ? z.string().max(2000).optional() : z.string().min(1).max(2000) }), response: { 200: DocumentRow } } },
      async (request) => {
        const { version, note } = request.body;
        const decided = await db.transaction().execute(async (trx) => {
          const before = await findDocument(trx, request.params.id, true);
          if (before?.document.kind !== 'Waiver' || !may(scopesWith(request.principal, 'read'), scopeOfPlace(before))) throw refuse('not-found');
          if (!may(request.scopes, scopeOfPlace(before))) throw refuse('forbidden');
          if (before.version !== version) throw refuse('conflict', `it is at version ${before.version} now, not ${version}: read it again before you decide`);
          if (before.state !== 'requested') throw refuse('conflict', `it is ${before.state}, not requested`);
          const person = personOf(request.principal);
          const { spec } = before.document;
          if (decision === 'approve' && [spec.requestedBy, before.createdBy, before.updatedBy].includes(person)) throw refuse('self-approval');
          const document: Waiver = decision === 'approve' ? { ...before.document, spec: { ...spec, approvedBy: person } } : before.document;
          const after = await decideDocument(trx, before, { state: decision === 'approve' ? 'active' : 'rejected', action: decision === 'approve' ? 'approved' : 'rejected', note, document, actor: actorOf(request) });
          await markDue(trx, after);
          return after;
        });
        live.nudge('changes');
        live.nudge('commands'); // agents apply waivers of runtime rules themselves
        judging.wake();
        return shown(decided);
      },
    );
  }
}

import { sql } from 'kysely';
import { z } from 'zod';
import { Verdict } from '@palisade/model/verdict';
import { may, scopesWith } from '../auth/permission.ts';
import { visibleImages } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { concerning, scopeOfPlace } from '../documents/place.ts';
import { demandChange, knownPlace } from '../documents/save.ts';
import { activeDocuments, decideDocument, documentColumns, findDocument } from '../documents/store.ts';
import type { StoredDocument } from '../documents/store.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { actorOf } from '../audit.ts';
import { judgingChild } from '../judging/child.ts';
import { markDue } from '../judging/due.ts';
import { showRound } from '../judging/rounds.ts';
import { clusterNames, counted, setupOf } from '../judging/setup.ts';
import { questionOf, storedImageColumns } from '../judging/stored.ts';
import type { StoredImage } from '../judging/stored.ts';
import { DocumentRow, oneDocument, shown } from './documents.ts';

const verdicts = z.enum(['none', 'allow', 'warn', 'deny']);
export const Trial = z.object({
  /** Images tried, and how many there are. */
  tried: z.number(),
  of: z.number(),
  took: z.number(),
  changes: z.array(z.object({ id: z.string(), name: z.string(), before: verdicts, after: verdicts, reasons: Verdict.shape.reasons })),
  after: z.object({ none: z.number(), allow: z.number(), warn: z.number(), deny: z.number() }),
  problems: z.array(z.object({ name: z.string(), problem: z.string() })),
});

/** A trial looks at the running and worst images first and ends after this long: a person waits for it. */
const trialMs = 20_000;
const trialImages = 1000;

/** Gate policies: switching on and off, and trying a draft against stored images. */
export function policyRoutes(app: App, context: Context): void {
  const { db, live, judging } = context;

  app.post(
    '/api/v1/policies/:id/state',
    { config: { permission: 'edit-policy' }, schema: { tags: ['policies'], summary: 'Switch a policy on or off', params: z.object({ id: z.string().max(100) }), body: z.object({ state: z.enum(['active', 'inactive']), version: z.number().int() }), response: { 200: DocumentRow.extend({ task: z.string().nullable() }) } } },
    async (request) => {
      const { state, version } = request.body;
      const result = await db.transaction().execute(async (trx) => {
        const before = await findDocument(trx, request.params.id, true);
        if (before === undefined || !['GatePolicy', 'ResponsePolicy', 'WafSite'].includes(before.kind) || !may(scopesWith(request.principal, 'read'), scopeOfPlace(before))) throw refuse('not-found');
        demandChange(request.principal, before.kind, before);
        if (before.owner === 'git' && request.principal.kind !== 'token') throw refuse('owned-by-git');
        if (before.version !== version) throw refuse('conflict', `it is at version ${before.version} now, not ${version}`);
        if (before.state === state) return { document: before, task: null };
        const document = await decideDocument(trx, before, { state, action: state === 'active' ? 'activated' : 'deactivated', actor: actorOf(request) });
        await markDue(trx, document);
        return { document, task: document.kind === 'GatePolicy' ? await showRound(trx, document.name, actorOf(request).name) : null };
      });
      live.nudge('changes');
      live.nudge('commands'); // agents act by response policies and sites
      judging.wake();
      return { ...shown(result.document), task: result.task };
    },
  );

  app.post(
    '/api/v1/policies/try',
    { config: { permission: 'edit-policy' }, schema: { tags: ['policies'], summary: 'Which stored images would change their verdict under this text, and why', body: z.object({ text: z.string().max(1 << 20) }), response: { 200: Trial } } },
    async (request) => {
      const document = oneDocument(request.body.text, 'document');
      if (document.kind !== 'GatePolicy') throw refuse('invalid-document', `a gate policy is expected here, not a ${document.kind}`);
      const place = await knownPlace(db, document);
      demandChange(request.principal, document.kind, place);
      const names = await clusterNames(db);
      const [policies, waivers, same] = await Promise.all([
        activeDocuments(db, 'GatePolicy'),
        activeDocuments(db, 'Waiver'),
        sql<StoredDocument>`select ${documentColumns} from documents d where d.kind = 'GatePolicy' and d.name = ${document.metadata.name} and d.cluster = ${place.cluster} and d.namespace = ${place.namespace} and d.project = ${place.project} and ${concerning(request.scopes, 'd')}`.execute(db),
      ]);
      const draft = counted({ id: same.rows[0]?.id ?? 'draft', ...place, document }, names);
      const setup = setupOf(null, [...policies.filter((one) => one.id !== draft.id).map((one) => counted(one, names)), draft], waivers.map((one) => counted(one, names)));
      const visible = sql`${visibleImages(scopesWith(request.principal, 'read'), 'i')} and i.status is not null ${place.cluster === '' ? sql`` : sql`and i.cluster = ${place.cluster}`}`;
      const [images, all] = await Promise.all([
        sql<StoredImage & { before: z.infer<typeof verdicts> }>`select ${storedImageColumns}, i.verdict_result before from images i join clusters c on c.id = i.cluster where ${visible} order by i.running > 0 desc, i.top_score desc, i.key limit ${trialImages}`.execute(db),
        sql<{ n: number }>`select count(*)::int n from images i where ${visible}`.execute(db),
      ]);
      const started = Date.now();
      const child = judgingChild();
      const answer: z.infer<typeof Trial> = { tried: 0, of: all.rows[0]?.n ?? 0, took: 0, changes: [], after: { none: 0, allow: 0, warn: 0, deny: 0 }, problems: [] };
      try {
        for (const image of images.rows) {
          if (Date.now() - started > trialMs) break;
          const judged = await child.ask(setup, await questionOf(db, image, false, new Date().toISOString())).catch((error: unknown) => {
            if (answer.problems.length < 20) answer.problems.push({ name: image.name, problem: error instanceof Error ? error.message : String(error) });
            return undefined;
          });
          answer.tried += 1;
          if (judged === undefined) continue;
          const { result, reasons } = judged.verdict;
          answer.after[result] += 1;
          if (result !== image.before && answer.changes.length < 200) answer.changes.push({ id: image.key, name: image.name, before: image.before, after: result, reasons: reasons.slice(0, 10).map((reason) => ({ ...reason, findings: reason.findings.slice(0, 20) })) });
        }
      } finally {
        child.stop();
      }
      answer.took = Date.now() - started;
      return answer;
    },
  );
}

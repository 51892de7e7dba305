import { createTwoFilesPatch } from 'diff';
import { sql } from 'kysely';
import { z } from 'zod';
import { checkDocuments, documentKinds, documentText } from '@palisade/verdict/document/registry';
import type { FurtherFault, PalisadeDocument } from '@palisade/verdict/document/registry';
import { may, scopesWith } from '../auth/permission.ts';
import type { Context } from '../context.ts';
import { impossible } from '../documents/impossible.ts';
import { concerning, placeOf } from '../documents/place.ts';
import { dropDocument, saveDocument } from '../documents/save.ts';
import { documentColumns, documentStates, findDocument } from '../documents/store.ts';
import type { StoredDocument } from '../documents/store.ts';
import { PalisadeError } from '@palisade/model/error';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';

export const DocumentRow = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  cluster: z.string(),
  namespace: z.string(),
  project: z.string(),
  owner: z.enum(['console', 'git']),
  state: z.enum(documentStates),
  version: z.number(),
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  updatedBy: z.string(),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
  decisionNote: z.string().nullable(),
  document: z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }), spec: z.looseObject({}) }),
  /** As YAML: as it was written, where that was kept. */
  text: z.string(),
});
export const Fault = z.object({ file: z.string(), line: z.number(), column: z.number(), cause: z.string() });
export const Version = z.object({ version: z.number(), action: z.string(), note: z.string().nullable(), changedAt: z.string(), changedBy: z.string(), text: z.string().nullable(), diff: z.string() });
const Applied = z.object({ kind: z.string(), name: z.string(), result: z.enum(['created', 'changed', 'unchanged', 'removed']), id: z.string().nullable(), version: z.number().nullable(), state: z.string().nullable(), diff: z.string() });
const params = z.object({ id: z.string().max(100) });
const saving = z.object({
  text: z.string().max(1 << 20).describe('one document, YAML or JSON'),
  version: z.number().int().nonnegative().optional().describe('the version it was made from; 0: must not exist yet'),
  state: z.enum(['active', 'inactive']).optional(),
});

/** A stored document as the API shows it. */
export function shown(stored: StoredDocument): z.infer<typeof DocumentRow> {
  const { source, document, ...row } = stored;
  return { ...row, document, text: source ?? documentText(document) };
}

/** Exactly one document, or a refusal that lists every fault with its line. */
export function oneDocument(text: string, file: string, further?: Parameters<typeof checkDocuments>[2]): PalisadeDocument {
  const { documents, faults } = checkDocuments(text, file, further);
  refuseFaults(faults);
  const [document, second] = documents;
  if (document === undefined || second !== undefined) throw refuse('invalid-document', `${file}: one document is expected here, there are ${documents.length}`);
  return document;
}

function refuseFaults(faults: readonly z.infer<typeof Fault>[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const all = faults.map((fault) => `${fault.file}:${fault.line}:${fault.column}: ${fault.cause}`);
  throw refuse('invalid-document', all.slice(0, 20).join('\n'), { file: first.file, line: first.line, column: first.column, cause: first.cause, faults: faults.length });
}

/** Everything that is declared, in its one form: read, save, remove, history; and what the CLI's apply, diff and export call. */
export function documentRoutes(app: App, context: Context): void {
  const { db, live, judging } = context;
  const further = (document: PalisadeDocument): readonly FurtherFault[] => impossible(document, context.runtimeRules);
  const seen = async (scopes: Parameters<typeof concerning>[0], id: string): Promise<StoredDocument> => {
    const found = await sql<StoredDocument>`select ${documentColumns} from documents d where d.id = ${id} and ${concerning(scopes, 'd')}`.execute(db);
    if (found.rows[0] === undefined) throw refuse('not-found');
    return found.rows[0];
  };
  const changed = (): void => {
    live.nudge('changes');
    live.nudge('commands'); // agents act by some of them
    judging.wake();
  };

  app.get(
    '/api/v1/documents',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['documents'],
        summary: 'List documents',
        querystring: z.object({ ...pageQuery, kind: z.string().max(64).optional(), q: z.string().max(200).optional().describe('part of a name'), state: z.enum(documentStates).optional(), owner: z.enum(['console', 'git']).optional() }),
        response: { 200: pageOf(DocumentRow) },
      },
    },
    async (request) => {
      const { kind, q, state, owner, limit, cursor } = request.query;
      const where = [concerning(request.scopes, 'd')];
      if (kind !== undefined) where.push(sql`d.kind = ${kind}`);
      if (q !== undefined) where.push(sql`d.name ilike ${`%${likeText(q)}%`}`);
      if (state !== undefined) where.push(sql`d.state = ${state}`);
      if (owner !== undefined) where.push(sql`d.owner = ${owner}`);
      const page = await list<StoredDocument>(db, {
        select: documentColumns,
        from: sql`documents d`,
        where,
        sort: [
          { by: sql`d.name`, type: 'text', order: 'asc', field: 'name' },
          { by: sql`d.id`, type: 'text', order: 'asc', field: 'id' },
        ],
        limit,
        cursor,
      });
      return { ...page, items: page.items.map(shown) };
    },
  );

  app.get('/api/v1/documents/:id', { config: { permission: 'read' }, schema: { tags: ['documents'], summary: 'One document', params, response: { 200: DocumentRow } } }, async (request) => shown(await seen(request.scopes, request.params.id)));

  app.get('/api/v1/documents/:id/history', { config: { permission: 'read' }, schema: { tags: ['documents'], summary: 'Every version with its change, newest first', params, response: { 200: z.object({ items: z.array(Version) }) } } }, async (request) => {
    const document = await seen(request.scopes, request.params.id);
    const rows = await sql<{ version: number; document: PalisadeDocument | null; source: string | null; action: string; note: string | null; changedAt: string; changedBy: string }>`
      select version, document, source, action, note, changed_at "changedAt", changed_by "changedBy" from document_history where id = ${document.id} order by version desc limit 200`.execute(db);
    const texts = rows.rows.map((row) => (row.document === null ? null : (row.source ?? documentText(row.document))));
    return { items: rows.rows.map(({ version, action, note, changedAt, changedBy }, index) => ({ version, action, note, changedAt, changedBy, text: texts[index] ?? null, diff: patch(document.name, texts[index + 1] ?? '', texts[index] ?? '') })) };
  });

  app.post('/api/v1/documents/check', { config: { permission: 'read' }, schema: { tags: ['documents'], summary: 'Check a text without storing it', body: z.object({ text: z.string().max(1 << 20), file: z.string().max(200).default('document') }), response: { 200: z.object({ documents: z.number(), faults: z.array(Fault) }) } } }, async (request) => {
    const { documents, faults } = checkDocuments(request.body.text, request.body.file, further);
    for (const document of documents) {
      if ((await placeOf(db, document.metadata.scope)) === undefined) faults.push({ file: request.body.file, line: 1, column: 1, cause: `metadata.scope.cluster: there is no cluster "${document.metadata.scope.cluster ?? ''}"` });
    }
    return { documents: documents.length, faults };
  });

  app.post('/api/v1/documents', { config: { permission: 'request-waiver' }, schema: { tags: ['documents'], summary: 'Add a document', body: saving, response: { 200: DocumentRow } } }, async (request) => {
    const { text, version, state } = request.body;
    const document = oneDocument(text, 'document', further);
    const saved = await db.transaction().execute((trx) => saveDocument(trx, request, document, { source: text, expected: version ?? 0, state }));
    changed();
    return shown(saved.document);
  });

  app.put('/api/v1/documents/:id', { config: { permission: 'request-waiver' }, schema: { tags: ['documents'], summary: 'Change a document; a stale version is refused', params, body: saving.required({ version: true }), response: { 200: DocumentRow } } }, async (request) => {
    const { text, version, state } = request.body;
    const before = await seen(scopesWith(request.principal, 'read'), request.params.id);
    const document = oneDocument(text, 'document', further);
    const place = await placeOf(db, document.metadata.scope);
    const same = document.kind === before.kind && document.metadata.name === before.name && place !== undefined && place.cluster === before.cluster && place.namespace === before.namespace && place.project === before.project;
    if (!same) throw refuse('invalid-document', 'kind, metadata.name and metadata.scope say which document it is and cannot change: add a new one and remove this one');
    const saved = await db.transaction().execute((trx) => saveDocument(trx, request, document, { source: text, expected: version, state }));
    changed();
    return shown(saved.document);
  });

  app.delete('/api/v1/documents/:id', { config: { permission: 'request-waiver' }, schema: { tags: ['documents'], summary: 'Remove a document; its history stays', params, querystring: z.object({ version: z.coerce.number().int().optional() }), response: { 200: z.object({}) } } }, async (request) => {
    await seen(scopesWith(request.principal, 'read'), request.params.id);
    await db.transaction().execute(async (trx) => {
      const before = await findDocument(trx, request.params.id, true);
      if (before === undefined) throw refuse('not-found');
      await dropDocument(trx, request, before, request.query.version);
    });
    changed();
    return {};
  });

  app.post(
    '/api/v1/documents/apply',
    {
      config: { permission: 'request-waiver' },
      schema: {
        tags: ['documents'],
        summary: 'Bring the console to what a text declares: all of it or nothing',
        body: z.object({ text: z.string().max(1 << 20), file: z.string().max(200).default('document'), dryRun: z.boolean().default(false), prune: z.boolean().default(false).describe('also remove documents owned by git that the text does not have') }),
        response: { 200: z.object({ items: z.array(Applied) }) },
      },
    },
    async (request) => {
      const { text, file, dryRun, prune } = request.body;
      const { documents, faults } = checkDocuments(text, file, further);
      refuseFaults(faults);
      const items: z.infer<typeof Applied>[] = [];
      const undo = new Error('dry run');
      await db
        .transaction()
        .execute(async (trx) => {
          for (const document of documents) {
            const { result, document: after, before } = await saveDocument(trx, request, document, documents.length === 1 ? { source: text } : {});
            items.push({ kind: after.kind, name: after.name, result, id: dryRun && before === undefined ? null : after.id, version: after.version, state: after.state, diff: result === 'unchanged' ? '' : patch(after.name, before === undefined ? '' : textOf(before), textOf(after)) });
          }
          if (prune) {
            const keep = new Set(items.map((item) => item.id ?? `${item.kind}/${item.name}`));
            const owned = await sql<StoredDocument>`select ${documentColumns} from documents d where d.owner = 'git' and ${concerning(request.scopes, 'd')} order by d.kind, d.name for update`.execute(trx);
            for (const before of owned.rows) {
              if (keep.has(before.id) || keep.has(`${before.kind}/${before.name}`) || !may(request.scopes, { ...before })) continue;
              await dropDocument(trx, request, before, undefined);
              items.push({ kind: before.kind, name: before.name, result: 'removed', id: before.id, version: null, state: null, diff: patch(before.name, textOf(before), '') });
            }
          }
          if (dryRun) throw undo;
        })
        .catch((error: unknown) => {
          if (error !== undo) throw error;
        });
      if (!dryRun) changed();
      return { items };
    },
  );

  app.get(
    '/api/v1/documents/export',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['documents'],
        summary: 'Documents as one YAML text, a page at a time: ask again with `next` as `cursor` and join the texts with a line "---"',
        querystring: z.object({ ...pageQuery, kind: z.string().max(64).optional(), owner: z.enum(['console', 'git']).optional() }),
        response: { 200: z.object({ text: z.string(), count: z.number(), next: z.string().nullable() }) },
      },
    },
    async (request) => {
      const { kind, owner, limit, cursor } = request.query;
      if (kind !== undefined && !documentKinds.includes(kind)) throw new PalisadeError('bad-request', `kind "${kind}" is not known; known are ${documentKinds.join(', ')}`, { status: 400 });
      const where = [concerning(request.scopes, 'd')];
      for (const [column, value] of Object.entries({ kind, owner })) if (value !== undefined) where.push(sql`${sql.ref(`d.${column}`)} = ${value}`);
      const sort = (['kind', 'name', 'id'] as const).map((field) => ({ by: sql.ref(`d.${field}`), type: 'text' as const, order: 'asc' as const, field }));
      const { items, next } = await list<StoredDocument>(db, { select: documentColumns, from: sql`documents d`, where, sort, limit, cursor, total: 0 });
      return { text: items.map(textOf).join('---\n'), count: items.length, next };
    },
  );
}

function textOf(stored: StoredDocument): string {
  const text = stored.source ?? documentText(stored.document);
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** A unified diff of two texts, without its header; empty when they are the same. */
function patch(name: string, before: string, after: string): string {
  if (before === after) return '';
  return createTwoFilesPatch(name, name, before, after, '', '', { context: 3 }).split('\n').slice(4).join('\n');
}

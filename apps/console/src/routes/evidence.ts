import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql } from 'kysely';
import { pack } from 'tar-stream';
import { z } from 'zod';
import { Evidence } from '@palisade/model/evidence';
import type { Scope } from '@palisade/model/scope';
import { actorOf, audit } from '../audit.ts';
import { visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import { filesOf, verifyChain } from '../evidence/verify.ts';
import { readBlob } from '../feeds/blobs.ts';
import type { App } from '../http/app.ts';
import { demand } from '../http/guard.ts';
import { list, pageOf, pageQuery } from '../http/page.ts';
import { scopeOfRow } from '../responses/ask.ts';

const Named = z.object({ id: z.string(), name: z.string() });

/** `seq`: its place in the chain; `removedAt`: the files are gone, the entry stays; `faults`: what did not arrive as the agent listed it. */
export const EvidenceRow = z.object({ id: z.string(), seq: z.number(), at: z.string(), receivedAt: z.string(), reason: z.string(), detection: z.string().nullable(), container: Named.nullable(), node: Named, files: z.number(), bytes: z.number(), missing: z.number(), faults: z.number(), removedAt: z.string().nullable(), hash: z.string() });
export const EvidenceDetail = EvidenceRow.extend({ previous: z.string(), evidence: Evidence, faultTexts: z.array(z.string()), removedWhy: z.string().nullable() });
export const Verification = z.object({ entries: z.number(), files: z.number(), removed: z.number(), head: z.string(), faults: z.array(z.object({ seq: z.number(), id: z.string(), fault: z.string() })), tookMs: z.number() });

const inner = sql`(e.entry::jsonb)->'evidence'`;
const columns = sql`e.id, e.seq, e.at, e.received_at "receivedAt", ${inner}->>'reason' reason, e.detection, case when e.container_key is null then null else jsonb_build_object('id', e.container_key, 'name', coalesce(k.name, ${inner}->>'containerName', ${inner}->>'container')) end container,
  jsonb_build_object('id', e.node, 'name', coalesce(n.name, e.node)) node, jsonb_array_length(${inner}->'files') files, (select coalesce(sum((f->>'size')::bigint), 0) from jsonb_array_elements(${inner}->'files') f)::bigint bytes, jsonb_array_length(${inner}->'missing') missing, jsonb_array_length(e.faults) faults, e.removed_at "removedAt", e.hash`;
const from = sql`evidence e left join containers k on k.key = e.container_key left join nodes n on n.id = e.node`;
const params = z.object({ id: z.string().max(100) });

/** What agents collected, in a chain of hashes; verified and downloaded whole. */
export function evidenceRoutes(app: App, { db }: Context): void {
  app.get(
    '/api/v1/evidence',
    { config: { permission: 'read' }, schema: { tags: ['responses'], summary: 'Evidence, the newest first', querystring: z.object({ ...pageQuery, detection: z.string().max(100).optional(), container: z.string().max(100).optional(), node: z.string().max(100).optional() }), response: { 200: pageOf(EvidenceRow) } } },
    async (request) => {
      const { detection, container, node, limit, cursor } = request.query;
      const where = [visiblePlaces(request.scopes, 'e')];
      for (const [column, value] of Object.entries({ detection, container_key: container, node })) if (value !== undefined) where.push(sql`${sql.ref(`e.${column}`)} = ${value}`);
      return list<z.infer<typeof EvidenceRow>>(db, { select: columns, from, where, sort: [{ by: sql`e.received_at`, type: 'timestamptz', order: 'desc', field: 'receivedAt' }, { by: sql`e.id`, type: 'text', order: 'desc', field: 'id' }], limit, cursor });
    },
  );

  type Found = z.infer<typeof EvidenceRow> & { cluster: string; namespace: string | null; project: string | null; previous: string; entry: string; faultTexts: string[]; removedWhy: string | null };
  const find = async (scopes: readonly Scope[], id: string): Promise<Found> => {
    const found = await sql<Found>`select ${columns}, e.cluster, e.namespace, e.project, e.previous, e.entry, e.faults "faultTexts", e.removed_why "removedWhy" from ${from} where e.id = ${id} and ${visiblePlaces(scopes, 'e')}`.execute(db);
    if (found.rows[0] === undefined) throw refuse('not-found');
    return found.rows[0];
  };

  app.get('/api/v1/evidence/:id', { config: { permission: 'read' }, schema: { tags: ['responses'], summary: 'One collection: its files with their hashes, and its place in the chain', params, response: { 200: EvidenceDetail } } }, async (request) => {
    const row = await find(request.scopes, request.params.id);
    return { ...row, evidence: Evidence.parse((JSON.parse(row.entry) as { evidence: unknown }).evidence) };
  });

  app.get('/api/v1/evidence/:id/download', { config: { permission: 'triage' }, schema: { tags: ['responses'], summary: 'Its files and its entry of the chain as a tar archive; the executable in it may be malware', params } }, async (request, reply) => {
    const row = await find(request.scopes, request.params.id);
    demand(request, scopeOfRow(row), 'not-found');
    if (row.removedAt !== null) throw refuse('conflict', `its files were removed: ${row.removedWhy ?? ''}`);
    await audit(db, actorOf(request), 'evidence.downloaded', row.id, { seq: row.seq }, row.cluster);
    const archive = pack();
    const mtime = new Date(row.receivedAt);
    const add = (name: string, text: string): void => void archive.entry({ name: `${row.id}/${name}`, mtime, mode: 0o400 }, text);
    const fill = async (): Promise<void> => {
      // The entry to the byte: hash = SHA-256 of the hash before, a newline and this text.
      add('chain-entry.json', row.entry);
      add('chain.json', `${JSON.stringify({ seq: row.seq, previous: row.previous, hash: row.hash, formula: 'sha256(previous + "\\n" + chain-entry.json)' }, null, 1)}\n`);
      for (const file of filesOf(row.entry)) {
        const entry = archive.entry({ name: `${row.id}/files/${file.name}`, size: file.size, mtime, mode: 0o400 });
        // A pipe waits for the reader: an archive of 64 MiB is never held in memory whole.
        await pipeline(Readable.from(readBlob(db, file.sha256)), entry as unknown as NodeJS.WritableStream);
      }
      archive.finalize();
    };
    fill().catch((error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))));
    return reply.header('content-disposition', `attachment; filename="${row.id}.tar"`).type('application/x-tar').send(archive);
  });

  app.post('/api/v1/evidence/verify', { config: { permission: 'triage' }, schema: { tags: ['responses'], summary: 'Walk the whole chain: links, hashes, and every kept file\'s bytes', response: { 200: Verification } } }, async (request) => {
    // The chain is one for the installation, whose parts belong to many: only its health is told to all.
    const started = performance.now();
    const { faults, ...verified } = await verifyChain(db);
    const seen = new Set((await sql<{ id: string }>`select e.id from evidence e where e.id = any(${faults.map((fault) => fault.id)}::text[]) and ${visiblePlaces(request.scopes, 'e')}`.execute(db)).rows.map((row) => row.id));
    await audit(db, actorOf(request), 'evidence.verified', verified.head, { entries: verified.entries, faults: faults.length });
    return { ...verified, faults: faults.map((fault) => (seen.has(fault.id) ? fault : { ...fault, id: '' })), tookMs: Math.round(performance.now() - started) };
  });
}

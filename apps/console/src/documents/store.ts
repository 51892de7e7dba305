import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { PalisadeDocument } from '@palisade/verdict/document/registry';
import { audit } from '../audit.ts';
import type { Actor } from '../audit.ts';
import { refuse } from '../errors.ts';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import type { Place } from './place.ts';

export const documentStates = ['active', 'inactive', 'requested', 'rejected'] as const;
export type DocumentState = (typeof documentStates)[number];

/** A stored document with what the console adds: who, when, which version, whether it counts. */
export type StoredDocument = Place & {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly owner: 'console' | 'git';
  readonly document: PalisadeDocument;
  /** The text as written, where one was given. */
  readonly source: string | null;
  readonly version: number;
  readonly state: DocumentState;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly decisionNote: string | null;
};

export const documentColumns = sql`d.id, d.kind, d.name, d.cluster, d.namespace, d.project, d.owner, d.document, d.source, d.version, d.state, d.created_at "createdAt", d.created_by "createdBy",
  d.updated_at "updatedAt", d.updated_by "updatedBy", d.decided_by "decidedBy", d.decided_at "decidedAt", d.decision_note "decisionNote"`;

/** One document, locked for change within a transaction when asked; undefined when there is none. */
export async function findDocument(db: Db, id: string, lock = false): Promise<StoredDocument | undefined> {
  const found = await sql<StoredDocument>`select ${documentColumns} from documents d where d.id = ${id} ${lock ? sql`for update` : sql``}`.execute(db);
  return found.rows[0];
}

/** The document of that kind, name and place. */
export async function documentAt(db: Db, kind: string, name: string, place: Place): Promise<StoredDocument | undefined> {
  const found = await sql<StoredDocument>`select ${documentColumns} from documents d
    where d.kind = ${kind} and d.name = ${name} and d.cluster = ${place.cluster} and d.namespace = ${place.namespace} and d.project = ${place.project} for update`.execute(db);
  return found.rows[0];
}

/** Every living document of a kind in its deciding form. */
export async function activeDocuments(db: Db, kind: string): Promise<StoredDocument[]> {
  const found = await sql<StoredDocument>`select ${documentColumns} from documents d where d.kind = ${kind} and d.state = 'active' order by d.name, d.id`.execute(db);
  return found.rows;
}

export type Change = { readonly document: PalisadeDocument; readonly place: Place; readonly source?: string | undefined; readonly state: DocumentState; readonly actor: Actor; readonly decidedBy?: string };

/** Adds a document at version 1, in the caller's transaction. */
export async function addDocument(trx: Db, change: Change): Promise<StoredDocument> {
  const { document, place, state, actor } = change;
  const id = `doc_${randomBytes(10).toString('hex')}`;
  await sql`insert into documents as d (id, kind, name, cluster, namespace, project, owner, labels, document, source, state, created_by, updated_by, decided_by, decided_at)
    values (${id}, ${document.kind}, ${document.metadata.name}, ${place.cluster}, ${place.namespace}, ${place.project}, ${document.metadata.owner}, ${JSON.stringify(document.metadata.labels ?? {})}::jsonb,
      ${JSON.stringify(document)}::jsonb, ${change.source ?? null}, ${state}, ${actor.name}, ${actor.name}, ${change.decidedBy ?? null}, ${change.decidedBy === undefined ? null : sql`now()`})`.execute(trx);
  return recorded(trx, id, 'created', actor);
}

/** Puts a new version in the old one's place. `expected` undefined overwrites whatever is there. */
export async function changeDocument(trx: Db, before: StoredDocument, expected: number | undefined, change: Change): Promise<StoredDocument> {
  refuseStale(before, expected);
  const { document, state, actor } = change;
  await sql`update documents set document = ${JSON.stringify(document)}::jsonb, source = ${change.source ?? null}, labels = ${JSON.stringify(document.metadata.labels ?? {})}::jsonb, owner = ${document.metadata.owner}, version = version + 1, state = ${state},
    updated_at = now(), updated_by = ${actor.name}, decided_by = ${change.decidedBy ?? null}, decided_at = ${change.decidedBy === undefined ? null : sql`now()`}, decision_note = null where id = ${before.id}`.execute(trx);
  return recorded(trx, before.id, 'changed', actor);
}

/** Changes only whether it counts: activation, approval, rejection. */
export async function decideDocument(trx: Db, before: StoredDocument, decision: { state: DocumentState; action: string; note?: string | undefined; document?: PalisadeDocument; actor: Actor }): Promise<StoredDocument> {
  await sql`update documents set state = ${decision.state}, version = version + 1, document = ${JSON.stringify(decision.document ?? before.document)}::jsonb, source = ${decision.document === undefined ? before.source : null}, decided_by = ${decision.actor.name}, decided_at = now(),
    decision_note = ${decision.note ?? null} where id = ${before.id}`.execute(trx);
  return recorded(trx, before.id, decision.action, decision.actor, decision.note);
}

/** Takes a document away; its history stays. */
export async function removeDocument(trx: Db, before: StoredDocument, expected: number | undefined, actor: Actor): Promise<void> {
  refuseStale(before, expected);
  await sql`insert into document_history (id, version, document, changed_by, action) values (${before.id}, ${before.version + 1}, null, ${actor.name}, 'removed')`.execute(trx);
  await sql`delete from documents where id = ${before.id}`.execute(trx);
  await audit(trx, actor, `${before.kind}.removed`, before.id, { name: before.name, version: before.version }, before.cluster === '' ? undefined : before.cluster);
  await announce(trx, 'documents', before.cluster === '' ? null : before.cluster, before.id);
}

function refuseStale(before: StoredDocument, expected: number | undefined): void {
  if (expected !== undefined && expected !== before.version) {
    throw refuse('conflict', `${before.kind} "${before.name}" is at version ${before.version} now (by ${before.updatedBy}), not ${expected}: look at the change, then save again`, { version: before.version });
  }
}

async function recorded(trx: Db, id: string, action: string, actor: Actor, note?: string): Promise<StoredDocument> {
  const after = await findDocument(trx, id);
  if (after === undefined) throw refuse('internal');
  const place = after.cluster === '' ? null : after.cluster;
  await sql`insert into document_history (id, version, document, source, changed_by, action, note)
    values (${id}, ${after.version}, ${JSON.stringify(after.document)}::jsonb, ${after.source}, ${actor.name}, ${action}, ${note ?? null})`.execute(trx);
  await audit(trx, actor, `${after.kind}.${action}`, id, { name: after.name, version: after.version, state: after.state, ...(note === undefined ? {} : { note }) }, place ?? undefined);
  await announce(trx, 'documents', place, id);
  return after;
}

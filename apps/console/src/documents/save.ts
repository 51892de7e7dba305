import { isDeepStrictEqual } from 'node:util';
import type { FastifyRequest } from 'fastify';
import type { PalisadeDocument } from '@palisade/verdict/document/registry';
import { actorOf } from '../audit.ts';
import { may, personOf, scopesWith } from '../auth/permission.ts';
import type { Permission, Principal } from '../auth/permission.ts';
import { refuse } from '../errors.ts';
import { markDue } from '../judging/due.ts';
import { showRound } from '../judging/rounds.ts';
import type { Db } from '../postgres/database.ts';
import { placeOf, scopeOfPlace } from './place.ts';
import type { Place } from './place.ts';
import { addDocument, changeDocument, documentAt, removeDocument } from './store.ts';
import type { DocumentState, StoredDocument } from './store.ts';

/** What it takes to change a document of a kind. */
const needed: Readonly<Record<string, Permission>> = { GatePolicy: 'edit-policy', ResponsePolicy: 'edit-policy', WafSite: 'edit-policy', Waiver: 'request-waiver' };

/** Refuses unless the asker may change documents of this kind there. */
export function demandChange(principal: Principal, kind: string, place: Place): void {
  const permission = needed[kind] ?? 'manage-settings';
  if (!may(scopesWith(principal, permission), scopeOfPlace(place))) throw refuse('forbidden', `changing a ${kind} there needs the permission "${permission}"`);
}

/** The place of a document; a cluster nobody knows is a fault of the document. */
export async function knownPlace(db: Db, document: PalisadeDocument): Promise<Place> {
  const place = await placeOf(db, document.metadata.scope);
  if (place === undefined) throw refuse('invalid-document', `metadata.scope.cluster: there is no cluster "${document.metadata.scope.cluster ?? ''}"`);
  return place;
}

export type Saved = { readonly result: 'created' | 'changed' | 'unchanged'; readonly document: StoredDocument; readonly before: StoredDocument | undefined };

/**
 * Stores a document under its kind, name and place, in the caller's transaction, and marks the images whose verdict it
 * may change. `expected`: the version it was made from; 0 refuses to overwrite anything; undefined overwrites.
 */
export async function saveDocument(trx: Db, request: FastifyRequest, document: PalisadeDocument, options: { source?: string | undefined; expected?: number | undefined; state?: 'active' | 'inactive' | undefined }): Promise<Saved> {
  const { principal } = request;
  const place = await knownPlace(trx, document);
  demandChange(principal, document.kind, place);
  const before = await documentAt(trx, document.kind, document.metadata.name, place);
  refuseOwner(principal, before, document);
  const own = document.kind === 'Waiver' ? signed(document, principal, before) : document;
  const decision = stateOf(own, principal, place, before, options.state);
  const actor = actorOf(request);
  const change = { document: own, place, actor, source: own === document ? options.source : undefined, ...decision };
  if (before === undefined) {
    if (options.expected !== undefined && options.expected > 0) throw refuse('conflict', `${document.kind} "${document.metadata.name}" was removed meanwhile`);
    const saved = await addDocument(trx, change);
    await reconsider(trx, saved, actor.name);
    return { result: 'created', document: saved, before };
  }
  if (options.expected === 0) throw refuse('conflict', `${document.kind} "${document.metadata.name}" exists already in this scope`);
  if (isDeepStrictEqual(own, before.document) && (options.state === undefined || options.state === before.state) && (options.source ?? before.source) === before.source) return { result: 'unchanged', document: before, before };
  const saved = await changeDocument(trx, before, options.expected, change);
  await markDue(trx, before);
  await reconsider(trx, saved, actor.name);
  return { result: 'changed', document: saved, before };
}

/** A policy speaks of every image, so its change is a round that people can watch; a waiver touches few. */
async function reconsider(trx: Db, document: StoredDocument, by: string): Promise<void> {
  await markDue(trx, document);
  if (document.kind === 'GatePolicy') await showRound(trx, document.name, by);
}

/** Removes a document for someone who may change it. */
export async function dropDocument(trx: Db, request: FastifyRequest, before: StoredDocument, expected: number | undefined): Promise<void> {
  const { principal } = request;
  if (before.kind === 'Waiver' && before.state === 'active' && before.document.kind === 'Waiver' && before.document.spec.requestedBy !== personOf(principal)) {
    if (!may(scopesWith(principal, 'approve-waiver'), scopeOfPlace(before))) throw refuse('forbidden', 'ending another person\'s waiver needs the permission "approve-waiver"');
  } else demandChange(principal, before.kind, before);
  if (before.owner === 'git' && principal.kind !== 'token') throw refuse('owned-by-git');
  await reconsider(trx, before, actorOf(request).name);
  await removeDocument(trx, before, expected, actorOf(request));
}

/** What git owns comes by `palisade apply` with a token; people in a browser only read it. */
function refuseOwner(principal: Principal, before: StoredDocument | undefined, document: PalisadeDocument): void {
  if (principal.kind === 'token') return;
  if (before?.owner === 'git') throw refuse('owned-by-git');
  if (document.metadata.owner === 'git') throw refuse('owned-by-git', 'documents with owner "git" come by "palisade apply" with an API token; write owner: console here');
}

/** Who asked is the console's to say, never the text's. A git-owned waiver keeps the names its review gave it. */
function signed(document: Extract<PalisadeDocument, { kind: 'Waiver' }>, principal: Principal, before: StoredDocument | undefined): PalisadeDocument {
  if (document.metadata.owner === 'git') return document;
  const { approvedBy: _, requestedBy: __, ...spec } = document.spec;
  const known = before?.document.kind === 'Waiver' ? before.document.spec : undefined;
  const same = known !== undefined && isDeepStrictEqual(spec, withoutNames(known));
  if (same) return { ...document, spec: known };
  return { ...document, spec: { ...spec, requestedBy: personOf(principal) } };
}

function withoutNames<Spec extends { requestedBy?: string | undefined; approvedBy?: string | undefined }>(spec: Spec): Omit<Spec, 'requestedBy' | 'approvedBy'> {
  const { approvedBy: _, requestedBy: __, ...rest } = spec;
  return rest;
}

function stateOf(document: PalisadeDocument, principal: Principal, place: Place, before: StoredDocument | undefined, wanted: 'active' | 'inactive' | undefined): { state: DocumentState; decidedBy?: string } {
  if (document.kind !== 'Waiver') return { state: wanted ?? before?.state ?? 'active' };
  // A review in git stands for the approval, if the token may approve at all.
  if (document.metadata.owner === 'git' && may(scopesWith(principal, 'approve-waiver'), scopeOfPlace(place))) return { state: 'active', decidedBy: `git (token ${principal.name})` };
  return { state: 'requested' };
}

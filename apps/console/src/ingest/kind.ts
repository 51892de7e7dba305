import type { z } from 'zod';
import type { Db } from '../postgres/database.ts';

/** Who sent an item, by its certificate: what a body says about cluster and node is not believed. */
export type Sender = { readonly cluster: string; readonly node: string; readonly agent: string };

/** Ingest of one kind of item: `store` runs in the batch's transaction, once per id. */
export type IngestKind<Body = unknown> = {
  readonly kind: string;
  readonly schema: z.ZodType<Body>;
  store(db: Db, body: Body, at: string, sender: Sender): Promise<void>;
};

/** Keeps a member's body type inside it, so that the registry can hold them side by side. */
export function ingestKind<Body>(member: IngestKind<Body>): IngestKind {
  return { ...member, store: (db, body, at, sender) => member.store(db, body as Body, at, sender) };
}

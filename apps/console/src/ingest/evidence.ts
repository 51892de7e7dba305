import { sql } from 'kysely';
import { itemBodies } from '@palisade/model/wire';
import { addEvidence } from '../evidence/store.ts';
import { announce } from '../live.ts';
import { ingestKind } from './kind.ts';

/** Pieces wait until their list comes: it says what they must add up to. */
export const evidencePart = ingestKind({
  kind: 'evidence-part',
  schema: itemBodies['evidence-part'],
  async store(db, body, _at, sender) {
    await sql`insert into evidence_parts (evidence, file, n, node, bytes) values (${body.evidence}, ${body.file}, ${body.n}, ${sender.node}, ${Buffer.from(body.data, 'base64')}) on conflict do nothing`.execute(db);
  },
});

export const evidence = ingestKind({
  kind: 'evidence',
  schema: itemBodies.evidence,
  async store(db, body, _at, sender) {
    await addEvidence(db, body, sender);
    await announce(db, 'evidence', sender.cluster, body.id);
  },
});

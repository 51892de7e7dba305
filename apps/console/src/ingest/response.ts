import { sql } from 'kysely';
import { itemBodies } from '@palisade/model/wire';
import { announce } from '../live.ts';
import { storeResponse } from '../responses/store.ts';
import { ingestKind } from './kind.ts';

export const response = ingestKind({
  kind: 'response',
  schema: itemBodies.response,
  async store(db, body, _at, sender) {
    await storeResponse(db, body, sender);
    await announce(db, 'responses', sender.cluster, body.id);
  },
});

/** Which policy an agent has in force: a page shows who lags behind. */
export const policyApplied = ingestKind({
  kind: 'policy-applied',
  schema: itemBodies['policy-applied'],
  async store(db, body, at, sender) {
    await sql`update agents set policy = ${body.revision}, policy_at = ${at} where id = ${sender.agent} and (policy_at is null or policy_at <= ${at})`.execute(db);
  },
});

import { sql } from 'kysely';
import { itemBodies } from '@palisade/model/wire';
import { settleCommand } from '../responses/store.ts';
import { ingestKind } from './kind.ts';

export const commandResult = ingestKind({
  kind: 'command-result',
  schema: itemBodies['command-result'],
  async store(db, body, at, sender) {
    await sql`update commands set state = ${body.ok ? 'done' : 'failed'}, finished_at = ${at}, message = ${body.message ?? null}, result = ${JSON.stringify(body.data ?? null)}::jsonb
      where id = ${body.command} and node = ${sender.node} and state in ('waiting', 'sent', 'expired')`.execute(db);
    await settleCommand(db, body.command, sender.node, body.ok ? 'done' : 'failed', body.message, at);
  },
});

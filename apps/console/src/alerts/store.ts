import { sql } from 'kysely';
import type { Locale } from '@palisade/model/locale';
import type { Db } from '../postgres/database.ts';

/** A channel's row. `sealed`: its secret values, closed under the installation's secret. */
export type ChannelRow = {
  readonly id: string; readonly name: string; readonly kind: string; readonly enabled: boolean; readonly language: Locale; readonly config: unknown; readonly sealed: string | null;
  readonly sources: string[]; readonly minPriority: number; readonly cluster: string; readonly namespace: string; readonly project: string; readonly hourly: number;
  readonly failures: number; readonly retryAt: string | null; readonly lastOkAt: string | null; readonly lastError: string | null; readonly lastErrorAt: string | null;
  readonly version: number; readonly createdAt: string; readonly createdBy: string; readonly updatedAt: string; readonly updatedBy: string;
};

export const channelColumns = sql`c.id, c.name, c.kind, c.enabled, c.language, c.config, c.sealed, c.sources, c.min_priority "minPriority", c.cluster, c.namespace, c.project, c.hourly, c.failures, c.retry_at "retryAt", c.last_ok_at "lastOkAt",
  c.last_error "lastError", c.last_error_at "lastErrorAt", c.version, c.created_at "createdAt", c.created_by "createdBy", c.updated_at "updatedAt", c.updated_by "updatedBy"`;

/** One channel, locked for change when asked; undefined when there is none. */
export async function findChannel(db: Db, id: string, lock = false): Promise<ChannelRow | undefined> {
  const found = await sql<ChannelRow>`select ${channelColumns} from alert_channels c where c.id = ${id} ${lock ? sql`for update` : sql``}`.execute(db);
  return found.rows[0];
}

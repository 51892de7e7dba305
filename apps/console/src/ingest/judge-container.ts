import { sql } from 'kysely';
import type { Container } from '@palisade/model/container';
import { severities } from '@palisade/model/severity';
import { workloadConfig } from '@palisade/inspect/workload-config/detector';
import type { Db } from '../postgres/database.ts';

/** To be raised when the rules of workload-config change: stored containers are then judged anew at the next start. */
export const judgementVersion = 1;

/** The rules that the way `container` runs breaks, each once, and the rank of the worst (9: none). */
export function judgeContainer(container: Container): { risks: string[]; worst: number } {
  const found = workloadConfig.inspect(container);
  return { risks: [...new Set(found.map((finding) => finding.rule))].sort(), worst: Math.min(9, ...found.map((finding) => severities.indexOf(finding.severity))) };
}

/** Judges containers that older rules judged, or none; answers how many. Safe on several replicas at once. */
export async function judgeStored(db: Db): Promise<number> {
  let judged = 0;
  for (;;) {
    const rows = await sql<{ key: string; body: Container }>`select key, body from containers where judged <> ${judgementVersion} limit 500`.execute(db);
    if (rows.rows.length === 0) return judged;
    const fresh = JSON.stringify(rows.rows.map(({ key, body }) => ({ key, ...judgeContainer(body) })));
    await sql`update containers c set risks = array(select jsonb_array_elements_text(j.risks)), worst = j.worst, judged = ${judgementVersion}
      from jsonb_to_recordset(${fresh}::jsonb) as j(key text, risks jsonb, worst smallint) where c.key = j.key`.execute(db);
    judged += rows.rows.length;
  }
}

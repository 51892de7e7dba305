import { sql } from 'kysely';
import type { Detection } from '@palisade/model/detection';
import type { Scope } from '@palisade/model/scope';
import type { Waiver } from '@palisade/model/waiver';
import { compileRuntimeWaivers } from '@palisade/verdict/waiver/runtime';
import { visiblePlaces } from '../auth/visible.ts';
import type { Db } from '../postgres/database.ts';

type Answer = { findings: number; images: number; exact: boolean; samples: { image: string; imageName: string; finding: string; rule: string; package: string | null; severity: string }[] };
type Row = { id: string; cluster: string; project: string | null; namespace: string | null; rule: string; container: string; image: string; count: string; body: Pick<Detection, 'facts' | 'workload' | 'priority'> };

/** Days of stored detections a preview looks at. */
const days = 7;

/** Which detections of the last days a waiver of a runtime rule would have set aside; `images` counts containers' images. */
export async function previewRuntime(db: Db, document: Waiver, cluster: string, scopes: readonly Scope[], names: ReadonlyMap<string, string>, most: number): Promise<Answer> {
  const [compiled] = compileRuntimeWaivers([document]);
  const answer: Answer = { findings: 0, images: 0, exact: true, samples: [] };
  if (compiled === undefined) return answer;
  const rows = await sql<Row>`select d.id, d.cluster, d.project, d.namespace, d.rule, coalesce(c.name, d.body->>'containerName', '') container, coalesce(c.image_name, d.body->>'image', '') image, d.count, jsonb_build_object('facts', d.body->'facts', 'workload', d.body->'workload', 'priority', d.body->'priority') body
    from detections d left join containers c on c.key = d.container_key where d.at > now() - make_interval(days => ${days}::int) and ${visiblePlaces(scopes, 'd')} ${cluster === '' ? sql`` : sql`and d.cluster = ${cluster}`} order by d.at desc limit ${most + 1}`.execute(db);
  answer.exact = rows.rows.length <= most;
  const images = new Set<string>();
  for (const row of rows.rows.slice(0, most)) {
    const { facts, workload, priority } = row.body;
    const place = { cluster: names.get(row.cluster) ?? row.cluster, ...(row.container === '' ? {} : { container: row.container }), ...(row.image === '' ? {} : { image: row.image }), ...(row.project === null ? {} : { project: row.project }), ...(row.namespace === null ? {} : { namespace: row.namespace }), ...(workload === undefined || workload === null ? {} : { workload }) };
    if (facts === undefined || facts === null || !compiled.matches(facts, place)) continue;
    answer.findings += Number(row.count);
    images.add(row.image);
    if (answer.samples.length < 50) answer.samples.push({ image: row.id, imageName: `${row.container} (${row.image})`, finding: row.id, rule: row.rule, package: facts['process']?.[0] ?? null, severity: priority });
  }
  answer.images = images.size;
  return answer;
}

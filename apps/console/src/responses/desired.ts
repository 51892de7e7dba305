import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { DesiredPolicy } from '@palisade/model/response';
import type { PalisadeDocument } from '@palisade/verdict/document/registry';
import { globMatches } from '@palisade/verdict/glob';
import type { Context } from '../context.ts';
import type { Db } from '../postgres/database.ts';

type Patches = Context['virtualPatches'];

/** Documents an agent acts by: response policies, sites of the firewall, and waivers of runtime rules. */
const concerns = sql<boolean>`d.state = 'active' and (d.kind in ('ResponsePolicy', 'WafSite') or (d.kind = 'Waiver' and d.document->'spec'->>'target' = 'runtimeRule'))`;

/** CVE ids of running images that a site's virtual patches concern, by image id; nothing where no site asks for them. */
async function vulnerableImages(db: Db, cluster: string, patches: Patches): Promise<{ image: string; cves: string[] }[]> {
  const cves = patches.flatMap((patch) => patch.cves);
  if (cves.length === 0) return [];
  const asked = await sql`select 1 from documents d where ${concerns} and d.kind = 'WafSite' and d.cluster in ('', ${cluster}) and (d.document->'spec'->>'virtualPatches')::boolean limit 1`.execute(db);
  if (asked.rows.length === 0) return [];
  const rows = await sql<{ image: string; cves: string[] }>`select i.image_id image, array_agg(distinct c.cve order by c.cve) cves from unnest(${sql.val(cves)}::text[]) c(cve)
      join findings f on f.rule = c.cve or f.aliases @> array[c.cve] join images i on i.key = f.image_key
    where i.cluster = ${cluster} and i.running > 0 and f.kind = 'vulnerability' group by i.image_id order by i.image_id limit 5000`.execute(db);
  return rows.rows;
}

/** Changes with anything that may change what holds in a cluster; cheap enough to be asked with each ping. */
export async function policyRevision(db: Db, cluster: string, patches: Patches): Promise<string> {
  const rows = await sql<{ marks: string | null; name: string | null }>`select (select string_agg(d.id || ':' || d.version, ',' order by d.id) from documents d where ${concerns} and d.cluster in ('', ${cluster})) marks, (select name from clusters where id = ${cluster}) name`.execute(db);
  const { marks, name } = rows.rows[0] ?? { marks: null, name: null };
  return createHash('sha256').update(JSON.stringify([cluster, name, marks, await vulnerableImages(db, cluster, patches)])).digest('hex').slice(0, 32);
}

/** What holds in a cluster now, with its revision. Parts bound to other clusters are left out. */
export async function desiredPolicy(db: Db, cluster: string, patches: Patches): Promise<DesiredPolicy> {
  return db.transaction().setIsolationLevel('repeatable read').execute(async (trx) => {
    const revision = await policyRevision(trx, cluster, patches);
    const named = await sql<{ name: string }>`select name from clusters where id = ${cluster}`.execute(trx);
    const name = named.rows[0]?.name ?? cluster;
    const rows = await sql<{ document: PalisadeDocument }>`select d.document from documents d where ${concerns} and d.cluster in ('', ${cluster}) order by d.kind, d.name, d.id limit 2000`.execute(trx);
    const here = (wanted: string | undefined): boolean => wanted === undefined || globMatches(wanted, name) || globMatches(wanted, cluster);
    const documents = rows.rows.flatMap(({ document }): unknown[] => {
      if (document.kind === 'WafSite') return here(document.spec.where.cluster) ? [{ ...document, spec: { ...document.spec, where: withoutKey(document.spec.where) } }] : [];
      if (document.kind === 'Waiver') return here(document.spec.where.cluster) ? [withoutCluster(document)] : [];
      if (document.kind !== 'ResponsePolicy') return [];
      const kept = <Part extends { where: { cluster?: string | undefined } }>(parts: readonly Part[]): Part[] => parts.filter((part) => here(part.where.cluster)).map((part) => ({ ...part, where: withoutKey(part.where) }));
      const { spec } = document;
      return [{ ...document, spec: { ...spec, rules: kept(spec.rules), deny: kept(spec.deny), hold: kept(spec.hold) } }];
    });
    const vulnerable = await vulnerableImages(trx, cluster, patches);
    return { revision, cluster: { id: cluster, name }, documents, ...(vulnerable.length === 0 ? {} : { vulnerable }) };
  });
}

function withoutCluster<Document extends Extract<PalisadeDocument, { kind: 'Waiver' }>>(document: Document): Document {
  return { ...document, spec: { ...document.spec, where: withoutKey(document.spec.where) } };
}

function withoutKey<Where extends { cluster?: string | undefined }>(where: Where): Omit<Where, 'cluster'> {
  const { cluster: _, ...rest } = where;
  return rest;
}

/** Revisions asked for by many streams at once, each cluster's at most twice a second. */
export function createRevisions(db: Db, patches: Patches): (cluster: string) => Promise<string> {
  const known = new Map<string, { at: number; revision: Promise<string> }>();
  return (cluster) => {
    const one = known.get(cluster);
    if (one !== undefined && Date.now() - one.at < 500) return one.revision;
    const revision = policyRevision(db, cluster, patches);
    known.set(cluster, { at: Date.now(), revision });
    return revision;
  };
}

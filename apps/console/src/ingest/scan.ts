import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { deterministicId } from '@palisade/model/id';
import { itemBodies } from '@palisade/model/wire';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Db } from '../postgres/database.ts';
import { replaceFindings } from './findings.ts';
import { imageKey } from './image-key.ts';
import { ingestKind } from './kind.ts';

export const scan = ingestKind({
  kind: 'scan',
  schema: itemBodies.scan,
  store: async (db, body, at, sender) => void (await storeScan(db, body.scan, { at, cluster: sender.cluster, node: sender.node, source: body.source })),
});

type Origin = { at: string; cluster: string; node?: string; source: 'image' | 'host' };

/** Stores a scan as the newest word on its image, unless a newer one is there. Answers the image's key. */
export async function storeScan(db: Db, result: ScanResult, origin: Origin): Promise<string> {
  const { at, cluster } = origin;
  const id = origin.source === 'host' ? `host:${origin.node ?? result.target.ref}` : (result.image?.id ?? `${result.target.kind}:${result.target.ref}`);
  const key = imageKey(cluster, id);
  const names = result.image?.names ?? (origin.source === 'host' ? [] : [result.target.ref]);
  const size = result.image?.layers.reduce((sum, layer) => sum + layer.size, 0) ?? 0;
  const text = JSON.stringify(result);
  const taken = await sql<{ key: string }>`
    insert into images (key, cluster, image_id, kind, names, name, platform, image, size, status, content, gaps, looked_at, feed, scan_sha256, scan_at, matched_at, verdict, verdict_result, packages, node)
    values (${key}, ${cluster}, ${id}, ${origin.source}, ${names}, ${origin.source === 'host' ? result.target.ref : (names[0] ?? id)}, ${result.image?.platform ?? null}, ${json(result.image)}, ${size},
      ${result.status}, ${result.content}, ${result.gaps.length}, ${json(result.lookedAt ?? null)}, ${json(result.feed)}, ${createHash('sha256').update(text).digest('hex')}, ${at}, ${at},
      ${json(result.verdict)}, ${result.verdict.result}, ${result.packages.length}, ${origin.source === 'host' ? (origin.node ?? null) : null})
    on conflict (key) do update set names = case when excluded.names = '{}' then images.names else excluded.names end, name = excluded.name, platform = excluded.platform, image = excluded.image, size = excluded.size,
      status = excluded.status, content = excluded.content, gaps = excluded.gaps, looked_at = excluded.looked_at, feed = excluded.feed, scan_sha256 = excluded.scan_sha256, scan_at = excluded.scan_at,
      matched_at = excluded.matched_at, verdict = excluded.verdict, verdict_result = excluded.verdict_result, packages = excluded.packages, kind = excluded.kind, node = excluded.node
    where images.scan_at is null or images.scan_at <= excluded.scan_at
    returning key`.execute(db);
  if (taken.rows.length === 0) return key;
  await sql`delete from image_packages where image_key = ${key}`.execute(db);
  const packages = JSON.stringify(result.packages.map((body, n) => ({ n, ...body, owned_by: body.ownedBy ?? null, body })));
  await sql`insert into image_packages (image_key, n, purl, name, version, ecosystem, layer, owned_by, removed, body)
    select ${key}, n, purl, name, version, ecosystem, layer, owned_by, removed, body
    from jsonb_to_recordset(${packages}::jsonb) as p(n int, purl text, name text, version text, ecosystem text, layer text, owned_by text, removed text, body jsonb)`.execute(db);
  await replaceFindings(db, { key, cluster }, result.findings);
  await sql`delete from gaps where image_key = ${key}`.execute(db);
  const gaps = JSON.stringify(result.gaps.map((gap) => ({ ...gap, since: gap.since ?? at, id: deterministicId('gap', key, gap.kind, gap.subject, gap.reason) })));
  await sql`insert into gaps (id, cluster, node, image_key, source, kind, subject, reason, count, remedy, since, seen_at)
    select distinct on (id) id, ${cluster}, ${origin.node ?? null}, ${key}, 'scan', kind, subject, reason, count, remedy, since, ${at}
    from jsonb_to_recordset(${gaps}::jsonb) as g(id text, kind text, subject text, reason text, count bigint, remedy jsonb, since timestamptz)
    on conflict (id) do nothing`.execute(db);
  return key;
}

function json(value: unknown) {
  return value === null || value === undefined ? sql`null` : sql`${JSON.stringify(value)}::jsonb`;
}

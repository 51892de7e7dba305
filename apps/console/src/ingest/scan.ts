import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { deterministicId } from '@palisade/model/id';
import { itemBodies } from '@palisade/model/wire';
import { findingKinds } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import type { ScanResult } from '@palisade/model/scan-result';
import { feedGapKinds } from '../judging/question.ts';
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
  const id = idOf(result, origin);
  const key = imageKey(cluster, id);
  if (result.status === 'failed' && !(await isFirstWord(db, key, result))) return storeFailure(db, result, { ...origin, id, key });
  const names = result.image?.names ?? (origin.source === 'host' ? [] : [result.target.ref]);
  const size = result.image?.layers.reduce((sum, layer) => sum + layer.size, 0) ?? 0;
  const text = JSON.stringify(result);
  const kept = await standingAnswer(db, key, result);
  const taken = await sql<{ key: string }>`
    insert into images (key, cluster, image_id, kind, names, name, platform, image, size, status, content, gaps, looked_at, feed, scan_sha256, scan_at, matched_at, verdict, verdict_result, packages, node)
    values (${key}, ${cluster}, ${id}, ${origin.source}, ${names}, ${origin.source === 'host' ? result.target.ref : (names[0] ?? id)}, ${result.image?.platform ?? null}, ${json(result.image)}, ${size},
      ${result.status}, ${result.content}, ${gapsOf(result, kept).length}, ${json(result.lookedAt ?? null)}, ${json(result.feed)}, ${createHash('sha256').update(text).digest('hex')}, ${at}, ${at},
      ${json(result.verdict)}, ${result.verdict.result}, ${result.packages.length}, ${origin.source === 'host' ? (origin.node ?? null) : null})
    on conflict (key) do update set names = case when excluded.names = '{}' then images.names else excluded.names end, name = excluded.name, platform = excluded.platform, image = excluded.image, size = excluded.size,
      status = excluded.status, content = excluded.content, gaps = excluded.gaps, looked_at = excluded.looked_at, feed = ${kept === undefined ? sql`excluded.feed` : sql`images.feed`}, scan_sha256 = excluded.scan_sha256, scan_at = excluded.scan_at,
      matched_at = ${kept === undefined ? sql`excluded.matched_at` : sql`images.matched_at`},
      verdict = case when images.judged_at is null then excluded.verdict else images.verdict end, verdict_result = case when images.judged_at is null then excluded.verdict_result else images.verdict_result end, packages = excluded.packages, kind = excluded.kind, node = excluded.node
    where images.scan_at is null or images.scan_at <= excluded.scan_at
    returning key`.execute(db);
  if (taken.rows.length === 0) return key;
  // Whatever the agent could answer, the console answers again by its own bundle, policies and waivers.
  await sql`update images set due = 2 where key = ${key}`.execute(db);
  await sql`delete from image_packages where image_key = ${key}`.execute(db);
  const packages = JSON.stringify(result.packages.map((body, n) => ({ n, ...body, owned_by: body.ownedBy ?? null, body })));
  await sql`insert into image_packages (image_key, n, purl, name, version, ecosystem, layer, owned_by, removed, body)
    select ${key}, n, purl, name, version, ecosystem, layer, owned_by, removed, body
    from jsonb_to_recordset(${packages}::jsonb) as p(n int, purl text, name text, version text, ecosystem text, layer text, owned_by text, removed text, body jsonb)`.execute(db);
  if (kept === undefined) await replaceFindings(db, { key, cluster }, result.findings);
  else {
    const purls = result.packages.map((one) => one.purl);
    await sql`delete from findings where image_key = ${key} and kind = 'vulnerability' and not (package = any(${purls}::text[]))`.execute(db);
    const fresh = result.findings.filter((finding) => finding.kind !== 'vulnerability' || !kept.has(finding.package ?? ''));
    await replaceFindings(db, { key, cluster }, fresh, findingKinds.filter((kind) => kind !== 'vulnerability'));
  }
  await sql`delete from gaps where image_key = ${key} and ${kept === undefined ? sql`true` : sql`not (kind = any(${[...feedGapKinds]}::text[]))`}`.execute(db);
  await addGaps(db, gapsOf(result, kept), { at, cluster, key, ...(origin.node === undefined ? {} : { node: origin.node }) });
  return key;
}

// An agent asks the engine by image id, and a scan that failed knows nothing beyond it.
function idOf(result: ScanResult, { source, node }: Origin): string {
  const { kind, ref } = result.target;
  if (source === 'host') return `host:${node ?? ref}`;
  return result.image?.id ?? (kind === 'docker' && ref.startsWith('sha256:') ? ref : `${kind}:${ref}`);
}

/** A failed scan that found something, of an image nothing is known of yet: better than nothing, and marked as failed. */
async function isFirstWord(db: Db, key: string, result: ScanResult): Promise<boolean> {
  if (result.packages.length === 0 && result.findings.length === 0) return false;
  const known = await sql`select 1 from images where key = ${key} and scan_at is not null`.execute(db);
  return known.rows.length === 0;
}

/** A scan that did not come to its end says so, with the reason as a gap. What an earlier one found stands: it isn't gone. */
async function storeFailure(db: Db, result: ScanResult, { id, key, at, cluster, node, source }: Origin & { id: string; key: string }): Promise<string> {
  const gaps = result.gaps.filter((gap) => !feedGapKinds.includes(gap.kind));
  const ref = result.target.ref;
  const names = source === 'host' || id === ref ? [] : [ref];
  const sha256 = createHash('sha256').update(JSON.stringify(result)).digest('hex');
  const taken = await sql<{ key: string }>`
    insert into images (key, cluster, image_id, kind, names, name, size, status, content, gaps, scan_sha256, scan_at, matched_at, verdict, verdict_result, packages, node)
    values (${key}, ${cluster}, ${id}, ${source}, ${names}, ${ref}, 0, 'failed', ${result.content}, ${gaps.length}, ${sha256}, ${at}, ${at}, ${json(result.verdict)}, ${result.verdict.result}, 0, ${source === 'host' ? (node ?? null) : null})
    on conflict (key) do update set status = 'failed', gaps = images.gaps + excluded.gaps, scan_sha256 = excluded.scan_sha256, scan_at = excluded.scan_at,
      content = coalesce(images.content, excluded.content), verdict = coalesce(images.verdict, excluded.verdict), verdict_result = coalesce(images.verdict_result, excluded.verdict_result), due = 2
    where images.scan_at is null or images.scan_at <= excluded.scan_at
    returning key`.execute(db);
  if (taken.rows.length > 0) await addGaps(db, gaps, { at, cluster, key, ...(node === undefined ? {} : { node }) });
  return key;
}

async function addGaps(db: Db, gaps: readonly Gap[], { at, cluster, node, key }: { at: string; cluster: string; node?: string; key: string }): Promise<void> {
  const rows = JSON.stringify(gaps.map((gap) => ({ ...gap, since: gap.since ?? at, id: deterministicId('gap', key, gap.kind, gap.subject, gap.reason) })));
  await sql`insert into gaps (id, cluster, node, image_key, source, kind, subject, reason, count, remedy, since, seen_at)
    select distinct on (id) id, ${cluster}, ${node ?? null}, ${key}, 'scan', kind, subject, reason, count, remedy, since, ${at}
    from jsonb_to_recordset(${rows}::jsonb) as g(id text, kind text, subject text, reason text, count bigint, remedy jsonb, since timestamptz)
    on conflict (id) do nothing`.execute(db);
}

/**
 * The packages whose vulnerabilities are known better than this scan can say: from the console's own match, or from an
 * earlier scan with a feed when this one had none. Undefined: the scan's answers are the best there are.
 */
async function standingAnswer(db: Db, key: string, result: ScanResult): Promise<ReadonlySet<string> | undefined> {
  const found = await sql<{ matched: boolean; fed: boolean }>`select matched_feed is not null matched, feed is not null fed from images where key = ${key} and status is not null`.execute(db);
  const before = found.rows[0];
  if (before === undefined || !(before.matched || (before.fed && result.feed === null))) return undefined;
  const packages = await sql<{ purl: string }>`select distinct purl from image_packages where image_key = ${key}`.execute(db);
  return new Set(packages.rows.map((row) => row.purl));
}

/** Where earlier answers stand, that this scan had no feed is no gap of the image. */
function gapsOf(result: ScanResult, kept: ReadonlySet<string> | undefined): readonly Gap[] {
  return kept === undefined ? result.gaps : result.gaps.filter((gap) => !feedGapKinds.includes(gap.kind));
}

function json(value: unknown) {
  return value === null || value === undefined ? sql`null` : sql`${JSON.stringify(value)}::jsonb`;
}

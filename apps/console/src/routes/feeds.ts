import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql } from 'kysely';
import { z } from 'zod';
import { Manifest, Source } from '@palisade/advisory/bundle/format';
import { actorOf, audit } from '../audit.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import { activateBundle, installBundle, refuseShrinking } from '../feeds/import.ts';
import { pullSources, usualEcosystems } from '../feeds/pull.ts';
import type { App } from '../http/app.ts';
import { openTask } from '../tasks/store.ts';

export const FeedRow = z.object({
  sha256: z.string(),
  id: z.string(),
  built: z.string(),
  /** Seconds since the newest data in it. */
  age: z.number(),
  active: z.boolean(),
  importedAt: z.string(),
  importedBy: z.string(),
  size: z.number(),
  counts: Manifest.shape.counts,
  sources: z.array(Source.omit({ broken: true }).extend({ broken: z.number() })),
  skipped: Manifest.shape.skipped,
});
export const FeedList = z.object({ items: z.array(FeedRow), images: z.object({ scanned: z.number(), current: z.number(), waiting: z.number() }) });
export const PullPlan = z.object({ ecosystems: z.array(z.string()), hosts: z.array(z.string()), files: z.array(z.object({ title: z.string(), host: z.string(), url: z.string() })) });
const Installed = z.object({ sha256: z.string(), task: z.string() });
const sha = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** All official sources together stay far below it. */
const maxBundleBytes = 4 * 2 ** 30;

/** Feed bundles: what is in use, import of a file, pull of the official sources, and going back to an earlier one. */
export function feedRoutes(app: App, context: Context): void {
  const { db, live, judging, tasks } = context;
  const changed = (): void => {
    live.nudge('changes');
    judging.wake();
  };

  app.get('/api/v1/feeds', { config: { permission: 'read' }, schema: { tags: ['feeds'], summary: 'Stored bundles, the active one first', response: { 200: FeedList } } }, async () => {
    const [rows, images] = await Promise.all([
      sql<{ sha256: string; id: string; info: Manifest; active: boolean; importedAt: string; importedBy: string; size: number }>`
        select f.sha256, f.feed_id id, f.info, f.active, f.imported_at "importedAt", f.imported_by "importedBy", b.size from feeds f join blobs b on b.sha256 = f.sha256 order by f.active desc, f.imported_at desc`.execute(db),
      sql<{ scanned: number; current: number; waiting: number }>`select count(*)::int scanned, count(*) filter (where matched_feed = (select sha256 from feeds where active))::int current, count(*) filter (where due = 2)::int waiting from images where status is not null`.execute(db),
    ]);
    return {
      items: rows.rows.map(({ info, ...row }) => ({ ...row, built: info.built, age: Math.max(0, Math.round((Date.now() - Date.parse(info.built)) / 1000) || 0), counts: info.counts, skipped: info.skipped, sources: info.sources.map((source) => ({ ...source, broken: source.broken.length })) })),
      images: images.rows[0] ?? { scanned: 0, current: 0, waiting: 0 },
    };
  });

  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.post('/api/v1/feeds', { config: { permission: 'manage-feeds' }, bodyLimit: maxBundleBytes, schema: { tags: ['feeds'], summary: 'Import a bundle (the file as application/octet-stream) and put it in use', querystring: z.object({ allowShrink: z.stringbool().default(false) }), response: { 200: Installed } } }, async (request) => {
    if (request.headers['content-type'] !== 'application/octet-stream') throw refuse('bad-request', 'send the bundle file as the body, as application/octet-stream');
    const folder = path.join(context.cache, 'incoming');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = path.join(folder, `${randomBytes(10).toString('hex')}.db`);
    try {
      await receive(request.body as Readable, file);
      const installed = await installBundle(db, file, actorOf(request), { allowShrink: request.query.allowShrink });
      changed();
      return installed;
    } finally {
      rmSync(file, { force: true });
    }
  });

  app.post('/api/v1/feeds/:sha256/activate', { config: { permission: 'manage-feeds' }, schema: { tags: ['feeds'], summary: 'Put a stored bundle in use', params: sha, body: z.object({ allowShrink: z.boolean().default(false) }), response: { 200: Installed } } }, async (request) => {
    const { sha256 } = request.params;
    const task = await db.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(7443003)`.execute(trx);
      const found = await sql<{ info: Manifest }>`select info from feeds where sha256 = ${sha256}`.execute(trx);
      if (found.rows[0] === undefined) throw refuse('not-found');
      await refuseShrinking(trx, sha256, found.rows[0].info, request.body.allowShrink);
      return activateBundle(trx, sha256, actorOf(request));
    });
    changed();
    return { sha256, task };
  });

  app.delete('/api/v1/feeds/:sha256', { config: { permission: 'manage-feeds' }, schema: { tags: ['feeds'], summary: 'Remove a stored bundle that is not in use', params: sha, response: { 200: z.object({}) } } }, async (request) => {
    const { sha256 } = request.params;
    await db.transaction().execute(async (trx) => {
      const found = await sql<{ active: boolean }>`select active from feeds where sha256 = ${sha256} for update`.execute(trx);
      if (found.rows[0] === undefined) throw refuse('not-found');
      if (found.rows[0].active) throw refuse('conflict', 'this bundle is in use: put another in use first');
      await sql`delete from feeds where sha256 = ${sha256}`.execute(trx);
      await sql`delete from blobs where sha256 = ${sha256}`.execute(trx);
      await audit(trx, actorOf(request), 'feed.remove', sha256);
    });
    live.nudge('changes');
    return {};
  });

  const ecosystemNames = z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 .:_-]{0,63}$/)).max(60);
  app.get('/api/v1/feeds/pull', { config: { permission: 'manage-feeds' }, schema: { tags: ['feeds'], summary: 'What a pull would ask, and of which hosts; asks nobody', querystring: z.object({ ecosystems: z.string().max(4000).optional().describe('comma-separated') }), response: { 200: PullPlan } } }, async (request) => {
    const ecosystems = ecosystemNames.parse(request.query.ecosystems === undefined || request.query.ecosystems === '' ? usualEcosystems : request.query.ecosystems.split(','));
    const files = pullSources(ecosystems);
    return { ecosystems, hosts: [...new Set(files.map((file) => file.host))].sort(), files: files.map(({ title, host, url }) => ({ title, host, url })) };
  });
  app.post('/api/v1/feeds/pull', { config: { permission: 'manage-feeds' }, schema: { tags: ['feeds'], summary: 'Fetch the official sources from exactly the hosts named', body: z.object({ ecosystems: ecosystemNames, hosts: z.array(z.string()).describe('those the person agreed to') }), response: { 200: z.object({ task: z.string() }) } } }, async (request) => {
    const { ecosystems, hosts } = request.body;
    const wanted = [...new Set(pullSources(ecosystems.length === 0 ? usualEcosystems : ecosystems).map((file) => file.host))].sort();
    if (JSON.stringify([...hosts].sort()) !== JSON.stringify(wanted)) throw refuse('conflict', `this pull asks ${wanted.join(', ')}; agreed to were ${hosts.join(', ')}`);
    const task = await db.transaction().execute(async (trx) => {
      const open = await sql<{ id: string }>`select id from tasks where kind = 'feed-pull' and finished_at is null`.execute(trx);
      if (open.rows[0] !== undefined) throw refuse('conflict', 'a pull is running already', { task: open.rows[0].id });
      await audit(trx, actorOf(request), 'feed.pull', wanted.join(' '), { ecosystems });
      return openTask(trx, { kind: 'feed-pull', subject: ecosystems.join(','), by: actorOf(request).name });
    });
    live.nudge('changes');
    tasks.wake();
    return { task };
  });
}

async function receive(body: Readable, file: string): Promise<void> {
  let bytes = 0;
  await pipeline(
    body,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > maxBundleBytes) throw refuse('too-large', `a bundle has at most ${maxBundleBytes} bytes`);
        yield chunk;
      }
    },
    createWriteStream(file, { mode: 0o600 }),
  );
  if (bytes === 0) throw refuse('invalid-bundle', 'the file is empty');
}

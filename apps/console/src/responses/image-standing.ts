import { sql } from 'kysely';
import type { ImageStanding } from '@palisade/model/response';
import { imageKey } from '../ingest/image-key.ts';
import type { Db } from '../postgres/database.ts';

/** What is known of an image (sha256:…) in a cluster. One that waits to be judged anew has no verdict yet. */
export async function imageStanding(db: Db, cluster: string, image: string): Promise<ImageStanding> {
  const found = await sql<{ scanned: boolean; verdict: ImageStanding['verdict'] }>`select status is not null and status <> 'failed' scanned, case when due > 0 or status is null then null else verdict_result end verdict from images where key = ${imageKey(cluster, image)}`.execute(db);
  return found.rows[0] ?? { scanned: false, verdict: null };
}

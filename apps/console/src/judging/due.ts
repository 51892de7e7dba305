import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Waiver } from '@palisade/model/waiver';
import type { StoredDocument } from '../documents/store.ts';
import { likeText } from '../http/page.ts';
import type { Db } from '../postgres/database.ts';

/** What is due for an image: nothing, a new verdict, or a new match (and then a new verdict). */
export const due = { nothing: 0, verdict: 1, match: 2 } as const;

// Rows that are due already are written again: one being judged right now, by what held before, must wait for that
// judgement's commit and then be due once more.
const marked = (what: number): RawBuilder<unknown> => sql`greatest(i.due, ${what}::smallint)`;

/** Marks the scanned images whose verdict a change of this document may touch. */
export async function markDue(trx: Db, document: StoredDocument): Promise<void> {
  // What agents act by says nothing of images.
  if (document.document.kind === 'ResponsePolicy' || document.document.kind === 'WafSite') return;
  const inCluster = document.cluster === '' ? sql`true` : sql`i.cluster = ${document.cluster}`;
  if (document.document.kind === 'Waiver') {
    // What it waived before, and what it may waive from now on.
    await sql`update images i set due = ${marked(due.verdict)} where i.status is not null and ${inCluster}
      and (exists (select 1 from waiver_uses u where u.waiver = ${document.id} and u.image_key = i.key) or exists (select 1 from findings f where f.image_key = i.key and ${mayMatch(document.document.spec)}))`.execute(trx);
  } else await sql`update images i set due = ${marked(due.verdict)} where i.status is not null and ${inCluster}`.execute(trx);
}

/** Marks every scanned image; answers how many are waiting now. */
export async function markAllDue(trx: Db, what: typeof due.verdict | typeof due.match): Promise<number> {
  await sql`update images i set due = ${marked(what)} where i.status is not null`.execute(trx);
  const left = await sql<{ n: number }>`select count(*)::int n from images where due >= ${what}`.execute(trx);
  return left.rows[0]?.n ?? 0;
}

/** A condition on `findings f` that holds for everything the waiver matches (and may hold for more): the evaluator decides. */
export function mayMatch(spec: Waiver['spec']): RawBuilder<boolean> {
  const conditions: RawBuilder<unknown>[] = [sql`f.kind = ${spec.target}`];
  const { rule } = spec.match;
  if (rule !== undefined && !rule.includes('*')) conditions.push(sql`(f.rule = ${rule} or f.aliases @> array[${rule}]::text[])`);
  else if (rule !== undefined && !rule.startsWith('*')) {
    const pattern = likeText(rule).replaceAll('*', '%');
    conditions.push(sql`(f.rule like ${pattern} or exists (select 1 from unnest(f.aliases) as alias where alias like ${pattern}))`);
  }
  const named = packageNameIn(spec.match['package']);
  if (named !== undefined) conditions.push(sql`f.package_name = ${named}`);
  return sql`(${sql.join(conditions, sql` and `)})`;
}

/** The package name in a purl pattern, where it is written out in full. */
function packageNameIn(pattern: string | undefined): string | undefined {
  const match = /^pkg:[^*]*?\/(?:[^*@?#]*\/|(?:%40|@)[^*/@?#]+\/)?([^*/@?#%]+)(?:@[^/]*)?$/.exec(pattern ?? '');
  return match?.[1];
}

import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { z } from 'zod';
import { all } from '../auth/visible.ts';
import { refuse } from '../errors.ts';
import type { Db } from '../postgres/database.ts';

/** Query parameters of every list. `cursor` is the `next` of the page before. */
export const pageQuery = { limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.string().max(2000).optional() };

/** A list's answer. `total` is exact up to 10,000; beyond, `exact` is false and it means "at least". */
export function pageOf<Item extends z.ZodType>(item: Item): z.ZodObject<{ items: z.ZodArray<Item>; next: z.ZodNullable<z.ZodString>; total: z.ZodObject<{ count: z.ZodNumber; exact: z.ZodBoolean }> }> {
  return z.object({ items: z.array(item), next: z.string().nullable(), total: z.object({ count: z.number(), exact: z.boolean() }) });
}

/** One sort key: SQL expression (never null), its type and direction, and the row's field that holds its value. */
export type SortKey = { readonly by: RawBuilder<unknown>; readonly type: 'text' | 'real' | 'int' | 'timestamptz' | 'bigint'; readonly order: 'asc' | 'desc'; readonly field: string };

export type ListQuery = {
  readonly select: RawBuilder<unknown>;
  readonly from: RawBuilder<unknown>;
  readonly where: readonly RawBuilder<boolean>[];
  readonly sort: readonly SortKey[];
  readonly limit: number;
  readonly cursor: string | undefined;
  /** Known from elsewhere (a summary), else counted up to the cap. */
  readonly total?: number;
};

const countCap = 10_000;
/** So many rows are sorted in less time than a page of the wrong plan takes. */
const few = 1000;

/** Runs a keyset-paged list: the cost of a page doesn't grow with how far down it is. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the row that the select makes
export async function list<Row extends Record<string, unknown>>(db: Db, query: ListQuery): Promise<{ items: Row[]; next: string | null; total: { count: number; exact: boolean } }> {
  const where = [...query.where, ...(query.cursor === undefined ? [] : [after(query.sort, query.cursor)])];
  const keys = sql.join(query.sort.map((key, index) => sql`${key.by}::text as ${sql.ref(`_sort${index}`)}`));
  const count = query.total === undefined ? await sql<{ n: number }>`select count(*)::int n from (select 1 from ${query.from} where ${all(query.where)} limit ${countCap + 1}) counted`.execute(db) : undefined;
  const counted = count?.rows[0]?.n;
  if (counted === 0) return { items: [], next: null, total: { count: 0, exact: true } };
  // Where few rows match, reading in the list's order until a page is full would read nearly all of the table; the planner
  // cannot know, since it estimates patterns and arrays badly. An expression in place of the first key takes that way from it.
  const order = sql.join(query.sort.map((key, index) => (index === 0 && counted !== undefined && counted <= few ? sql`coalesce(${key.by}, ${key.by}) ${sql.raw(key.order)}` : sql`${key.by} ${sql.raw(key.order)}`)));
  const rows = await sql<Row>`select ${query.select}, ${keys} from ${query.from} where ${all(where)} order by ${order} limit ${query.limit + 1}`.execute(db);
  const more = rows.rows.length > query.limit;
  const items = rows.rows.slice(0, query.limit);
  const last = items.at(-1);
  const next = more && last !== undefined ? Buffer.from(JSON.stringify(query.sort.map((_, index) => last[`_sort${index}`]))).toString('base64url') : null;
  const n = counted ?? query.total ?? 0;
  const exact = query.total !== undefined || n <= countCap;
  for (const item of items) for (const index of query.sort.keys()) delete (item as Record<string, unknown>)[`_sort${index}`];
  return { items, next, total: { count: exact ? n : countCap, exact } };
}

function after(sort: readonly SortKey[], cursor: string): RawBuilder<boolean> {
  const values = decodeCursor(cursor, sort.length);
  const bound = sort.map((key, index) => sql`cast(${values[index]}::text as ${sql.raw(key.type)})`);
  const first = sort[0];
  if (first === undefined) return sql`true`;
  const beyond = (key: SortKey): RawBuilder<unknown> => sql.raw(key.order === 'asc' ? '>' : '<');
  const branches = sort.map((key, index) =>
    all([...sort.slice(0, index).map((before, at) => sql<boolean>`${before.by} = ${bound[at]}`), sql<boolean>`${key.by} ${beyond(key)} ${bound[index]}`]),
  );
  // The first conjunct is implied by the rest; it is what lets an index on the first key start at the right place.
  return sql<boolean>`(${first.by} ${beyond(first)}${sql.raw('=')} ${bound[0]} and (${sql.join(branches, sql` or `)}))`;
}

function decodeCursor(cursor: string, length: number): string[] {
  try {
    return z.array(z.string()).length(length).parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw refuse('bad-request', 'cursor: not one this list gave out');
  }
}

/** The text with LIKE's own characters taken literally. */
export function likeText(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

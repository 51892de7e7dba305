import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { z } from 'zod';
import { findingKinds } from '@palisade/model/finding';
import { severities } from '@palisade/model/severity';
import { likeText } from '../http/page.ts';
import type { SortKey } from '../http/page.ts';

/** Query parameters by which findings are narrowed; lists in the URL are comma-separated. */
export const findingFilters = {
  kind: z.enum(findingKinds).optional(),
  severity: z.enum(severities).optional(),
  answer: z.enum(['affected', 'unknown']).optional(),
  rule: z.string().max(200).optional().describe('exact rule or CVE id'),
  package: z.string().max(300).optional().describe('exact package name'),
  q: z.string().max(200).optional().describe('beginning of a rule id or package name'),
  fixable: z.stringbool().optional(),
  kev: z.stringbool().optional(),
  waived: z.stringbool().optional(),
};
type Filters = z.infer<z.ZodObject<typeof findingFilters>>;

/** The conditions on `findings f`. */
export function findingConditions(filters: Filters): RawBuilder<boolean>[] {
  const where: RawBuilder<boolean>[] = [];
  if (filters.kind !== undefined) where.push(sql`f.kind = ${filters.kind}`);
  if (filters.severity !== undefined) where.push(sql`f.severity = ${severities.indexOf(filters.severity)}::smallint`);
  if (filters.answer !== undefined) where.push(sql`f.answer = ${filters.answer}`);
  if (filters.rule !== undefined) where.push(sql`f.rule = ${filters.rule}`);
  if (filters.package !== undefined) where.push(sql`f.package_name = ${filters.package}`);
  if (filters.q !== undefined) where.push(sql`(f.rule like ${`${likeText(filters.q)}%`} or f.package_name like ${`${likeText(filters.q)}%`})`);
  if (filters.fixable !== undefined) where.push(filters.fixable ? sql`f.fixed is not null` : sql`f.fixed is null`);
  if (filters.kev !== undefined) where.push(sql`f.kev = ${filters.kev}`);
  if (filters.waived !== undefined) where.push(filters.waived ? sql`f.waived_by is not null` : sql`f.waived_by is null`);
  return where;
}

/** Worst first; stable. */
export function findingSort(table: string): SortKey[] {
  return [
    { by: sql.ref(`${table}.score`), type: 'real', order: 'desc', field: 'score' },
    { by: sql.ref(`${table}.image_key`), type: 'text', order: 'asc', field: 'image_key' },
    { by: sql.ref(`${table}.id`), type: 'text', order: 'asc', field: 'id' },
  ];
}

/** The waiver that holds for a finding, by id and name, null where none does. */
export const WaivedBy = z.object({ id: z.string(), name: z.string() }).nullable();
export const waivedBy = sql`case when f.waived_by is not null then jsonb_build_object('id', f.waived_by, 'name', coalesce((select w.name from documents w where w.id = f.waived_by), f.waived_by)) end "waivedBy"`;

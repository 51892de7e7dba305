import { sql } from 'kysely';
import type { Finding } from '@palisade/model/finding';
import { severities } from '@palisade/model/severity';
import type { Db } from '../postgres/database.ts';

/** `pkg:deb/debian/openssl@3.0?arch=amd64` -> `openssl`. */
export function packageNameOf(purl: string): string {
  const path = (purl.split(/[?#]/)[0] ?? '').split('@').slice(0, -1).join('@') || (purl.split(/[?#]/)[0] ?? '');
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1).replace(/%(?![0-9a-fA-F]{2})/g, '%25'));
}

/** Replaces an image's findings of the given kinds (all when undefined): new ones come, gone ones go, `first_seen` stays. */
export async function replaceFindings(trx: Db, image: { key: string; cluster: string }, findings: readonly Finding[], kinds?: readonly string[]): Promise<void> {
  const rows = JSON.stringify(
    findings.map((finding) => ({
      id: finding.id,
      kind: finding.kind,
      rule: finding.rule,
      severity: severities.indexOf(finding.severity),
      score: finding.priority.score,
      answer: finding.answer,
      package: finding.package ?? null,
      package_name: finding.package === undefined ? null : packageNameOf(finding.package),
      fixed: finding.fixed ?? null,
      fix_state: finding.fixState ?? null,
      layer: finding.layer ?? null,
      path: finding.path ?? null,
      kev: finding.kev ?? false,
      epss: finding.epss ?? null,
      aliases: finding.aliases ?? [],
      body: finding,
    })),
  );
  const only = kinds === undefined ? sql`true` : sql`kind = any(${kinds}::text[])`;
  await sql`delete from findings where image_key = ${image.key} and ${only}
    and id not in (select id from jsonb_to_recordset(${rows}::jsonb) as f(id text))`.execute(trx);
  await sql`insert into findings (image_key, cluster, id, kind, rule, severity, score, answer, package, package_name, fixed, fix_state, layer, path, kev, epss, aliases, body)
    select distinct on (id) ${image.key}, ${image.cluster}, id, kind, rule, severity, score, answer, package, package_name, fixed, fix_state, layer, path, kev, epss, aliases, body
    from jsonb_to_recordset(${rows}::jsonb) as f(id text, kind text, rule text, severity smallint, score real, answer text, package text, package_name text,
      fixed text, fix_state text, layer text, path text, kev boolean, epss real, aliases text[], body jsonb)
    on conflict (image_key, id) do update set kind = excluded.kind, rule = excluded.rule, severity = excluded.severity, score = excluded.score, answer = excluded.answer,
      package = excluded.package, package_name = excluded.package_name, fixed = excluded.fixed, fix_state = excluded.fix_state, layer = excluded.layer,
      path = excluded.path, kev = excluded.kev, epss = excluded.epss, aliases = excluded.aliases, body = excluded.body
    where findings.body is distinct from excluded.body`.execute(trx);
  await countFindings(trx, image.key);
}

/** Brings an image's own counts in line with its findings. */
export async function countFindings(trx: Db, key: string): Promise<void> {
  const of = (severity: (typeof severities)[number]) => sql`count(*) filter (where severity = ${severities.indexOf(severity)})`;
  await sql`update images set (findings, critical, high, medium, low, unknown, fixable, top_score) =
    (select count(*), ${of('critical')}, ${of('high')}, ${of('medium')}, ${of('low')}, ${of('unknown')}, count(*) filter (where fixed is not null), coalesce(max(score), 0)
     from findings where image_key = ${key} and waived_by is null) where key = ${key}`.execute(trx);
}

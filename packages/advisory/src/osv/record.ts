import type { Severity } from '@palisade/model/severity';
import type { AdvisoryRecord, Affected, RangeEvent } from '../record.ts';
import { schemeOf } from '../ecosystem/scheme.ts';
import { ecosystemKey } from '../ecosystem/key.ts';
import { severityOfLabel } from '../severity.ts';
import type { OsvAffected, OsvDocument } from './document.ts';

/** What one OSV document became: a record, or the reason why there is none; plus GIT ranges left out. */
export type OsvResult = { readonly record?: AdvisoryRecord; readonly skip?: string; readonly gitRanges: number };

// Advisories that are about a list of vulnerabilities, in which older OSV exports name them under "related".
export const errata = /^(?:AL[SBE]A|RHSA|RHBA|RHEA|RLSA|RXSA|ELSA|ELBA|OESA|SUSE-|openSUSE-|MGASA|DSA|DLA|USN|PHSA|ALAS)/;
const listsRelated = new RegExp(`${errata.source}|^CGA`);
const cve = /^CVE-\d{4}-\d{4,}$/;

/** One OSV document as a record. Pure. */
export function recordOf(document: OsvDocument): OsvResult {
  if (document.withdrawn) return { skip: 'withdrawn', gitRanges: 0 };
  let gitRanges = 0;
  const affected: Affected[] = [];
  const module = moduleOf(document);
  for (const one of document.affected ?? []) {
    gitRanges += (one.ranges ?? []).filter((range) => range.type === 'GIT').length;
    const converted = affectedOf(one, module);
    if (converted !== undefined) affected.push(converted);
  }
  const upstream = [...(document.upstream ?? [])];
  if (listsRelated.test(document.id) && !upstream.some((id) => cve.test(id))) upstream.push(...(document.related ?? []).filter((id) => cve.test(id)));
  // AlmaLinux exports bug-fix and enhancement notices (ALBA, ALEA) too; without a CVE they are no vulnerability.
  if (/^(?:AL|RH)[BE]A-/.test(document.id) && upstream.length === 0 && (document.aliases ?? []).length === 0) {
    return { skip: 'bug-fix or enhancement notice without a vulnerability', gitRanges };
  }
  if (affected.length === 0) return { skip: gitRanges > 0 ? 'only GIT ranges' : 'names no package', gitRanges };
  const severity = document.id.startsWith('MAL-') ? 'critical' : labelOf(document);
  return {
    gitRanges,
    record: {
      id: document.id,
      aliases: document.aliases ?? [],
      upstream,
      summary: document.summary ?? '',
      details: document.details ?? '',
      published: document.published ?? '',
      modified: document.modified ?? '',
      ...(severity === undefined ? {} : { severity }),
      vectors: vectorsOf(document.severity),
      references: (document.references ?? []).map((reference) => reference.url ?? '').filter((url) => /^https?:\/\//.test(url)),
      affected,
    },
  };
}

function affectedOf(one: OsvAffected, module: string | undefined): Affected | undefined {
  if (!one.package) return undefined;
  const ranges: RangeEvent[][] = [];
  const scheme = schemeOf(ecosystemKey(one.package.ecosystem));
  for (const range of one.ranges ?? []) {
    if (range.type === 'GIT') continue;
    ranges.push((range.events ?? []).flatMap((event) => eventsOf(event, scheme)));
  }
  const versions = one.versions ?? [];
  if (ranges.length === 0 && versions.length === 0) return undefined;
  const specific = { ...one.ecosystem_specific, ...one.database_specific };
  const severity =
    severityOfLabel(specific['severity']) ?? severityOfLabel(specific['ubuntu_priority']) ?? severityOfLabel(specific['urgency']) ?? wordIn(one.severity);
  const vectors = vectorsOf(one.severity);
  return {
    ecosystem: one.package.ecosystem,
    name: one.package.name,
    ranges,
    versions,
    ...(severity === undefined ? {} : { severity }),
    ...(vectors.length === 0 ? {} : { vectors }),
    ...(specific['urgency'] === 'end-of-life' ? { intent: 'wont-fix' as const } : {}),
    ...(module === undefined ? {} : { module }),
  };
}

// One field an event, says the specification; records of its first years put a whole range into one.
function eventsOf(event: { introduced?: string | null | undefined; fixed?: string | null | undefined; last_affected?: string | null | undefined; limit?: string | null | undefined }, scheme: string | undefined): RangeEvent[] {
  const clean = (version: string): string => (scheme === 'rpm' ? withoutArch(version.trim()) : version.trim());
  return [
    ...(event.introduced == null ? [] : [{ introduced: clean(event.introduced) }]),
    ...(event.fixed == null ? [] : [{ fixed: clean(event.fixed) }]),
    ...(event.last_affected == null ? [] : [{ lastAffected: clean(event.last_affected) }]),
    ...(event.limit == null ? [] : [{ limit: clean(event.limit) }]),
  ];
}

// Some of Red Hat's records write the file's architecture into the version ("0:2.13.3-3.el8_6.1.src"),
// which rpm's order would take for a newer release.
function withoutArch(version: string): string {
  return version.replace(/\.(?:src|noarch|x86_64|aarch64|ppc64le|s390x|i[3-6]86|riscv64|armv7hl|ppc64)$/, '');
}

function vectorsOf(severity: OsvDocument['severity']): string[] {
  return (severity ?? []).filter((one) => one.type?.startsWith('CVSS_V') === true && typeof one.score === 'string').map((one) => String(one.score));
}

function wordIn(severity: OsvDocument['severity']): Severity | undefined {
  for (const one of severity ?? []) {
    if (one.type?.startsWith('CVSS_') !== true) {
      const word = severityOfLabel(one.score);
      if (word !== undefined) return word;
    }
  }
  return undefined;
}

function labelOf(document: OsvDocument): Severity | undefined {
  return (
    severityOfLabel(document.database_specific?.['severity']) ??
    wordIn(document.severity) ??
    // Red Hat's family puts its rating before the summary: "Important: firefox security update".
    severityOfLabel(/^(Critical|Important|Moderate|Low): /.exec(document.summary ?? '')?.[1])
  );
}

function moduleOf(document: OsvDocument): string | undefined {
  if (!listsRelated.test(document.id)) return undefined;
  return /(?:^|\s)([a-z0-9][\w.+-]*:[\w.+-]+) (?:security|bug|enhancement|update)/i.exec(document.summary ?? '')?.[1];
}

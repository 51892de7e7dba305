import { PackageURL } from 'packageurl-js';
import type { Gap } from '@palisade/model/gap';
import { mergeGaps } from '@palisade/model/gap';
import type { Package } from '@palisade/model/package';
import type { Distribution } from '../distribution.ts';
import { distributionOf, unknownDistribution } from '../distribution.ts';
import { ecosystemOfType, packageName } from '../ecosystem.ts';

/** One package as a document lists it. `source` is the distribution's source package. */
export type SbomEntry = {
  readonly purl: string | undefined;
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly string[];
  readonly paths?: readonly string[];
  readonly layer?: string;
  readonly source?: { readonly name: string; readonly version: string };
  readonly dev?: boolean;
};

/** The operating system that the document names apart from its packages. */
export type SbomSystem = { readonly id: string; readonly version: string };

const distributionTypes = new Set(['deb', 'apk', 'rpm', 'opkg']);
/** Entries that are no packages of an ecosystem: they carry no purl by nature. */
const systemIds: Readonly<Record<string, string>> = { redhat: 'rhel', 'red hat enterprise linux': 'rhel', amazon: 'amzn', oracle: 'ol', 'oracle linux': 'ol', suse: 'sles' };

/** Packages from entries; an entry that can't be matched (no purl, no version, an unreadable purl) is a gap. */
export function packagesOf(entries: Iterable<SbomEntry>, system: SbomSystem | undefined): { packages: Package[]; gaps: Gap[] } {
  const gaps: Gap[] = [];
  const packages = new Map<string, Package>();
  const missed = (kind: string, entry: SbomEntry, reason: string): void => {
    gaps.push({ kind, subject: entry.purl ?? 'packages', reason, count: 1 });
  };
  for (const entry of entries) {
    if (entry.purl === undefined || entry.purl === '') {
      gaps.push({ kind: 'sbom-no-purl', subject: 'packages', reason: 'entries without a purl cannot be matched', count: 1 });
      continue;
    }
    let purl: PackageURL;
    try {
      purl = PackageURL.fromString(entry.purl);
    } catch (error) {
      missed('sbom-purl-malformed', entry, error instanceof Error ? error.message : String(error));
      continue;
    }
    const version = versionOf(purl, entry);
    if (version === '') {
      gaps.push({ kind: 'sbom-no-version', subject: 'packages', reason: 'entries without a version cannot be matched', count: 1 });
      continue;
    }
    const made = packageOf(purl, version, entry, system);
    const known = packages.get(made.purl);
    if (known === undefined) packages.set(made.purl, made);
    else for (const path of made.paths) if (!known.paths.includes(path)) known.paths.push(path);
  }
  return { packages: [...packages.values()].sort((a, b) => byText(a.ecosystem, b.ecosystem) || byText(a.name, b.name) || byText(a.purl, b.purl)), gaps: mergeGaps(gaps) };
}

/** rpm's epoch stands in a qualifier; versions of advisories hold it in front. */
function versionOf(purl: PackageURL, entry: SbomEntry): string {
  const version = purl.version ?? entry.version;
  const epoch = purl.qualifiers?.['epoch'];
  return purl.type === 'rpm' && epoch !== undefined && epoch !== '0' && !/^\d+:/.test(version) ? `${epoch}:${version}` : version;
}

function packageOf(purl: PackageURL, version: string, entry: SbomEntry, system: SbomSystem | undefined): Package {
  const own = distributionTypes.has(purl.type);
  const found = { type: purl.type, name: purl.name, version, ...(own || purl.namespace == null ? {} : { namespace: purl.namespace }) };
  const source = entry.source ?? (own ? upstreamOf(purl, version) : undefined);
  return {
    purl: entry.purl ?? '',
    name: packageName(found),
    version,
    ecosystem: own ? distributionOfPurl(purl, system).ecosystem : ecosystemOfType(purl.type),
    paths: [...(entry.paths ?? [])],
    ...(entry.layer === undefined ? {} : { layer: entry.layer }),
    ...(source === undefined || source.name === purl.name && source.version === version ? {} : { source: { ...source } }),
    ...(purl.qualifiers?.['arch'] === undefined ? {} : { arch: purl.qualifiers['arch'] }),
    ...(entry.licenses === undefined || entry.licenses.length === 0 ? {} : { licenses: [...entry.licenses] }),
    ...(entry.dev === true ? { dev: true } : {}),
  };
}

/** "debian-12", "12", "bookworm" and what the document says of the system beside its packages. */
function distributionOfPurl(purl: PackageURL, system: SbomSystem | undefined): Distribution {
  const namespace = (purl.namespace ?? '').toLowerCase();
  const base = systemIds[namespace] ?? namespace;
  const distro = purl.qualifiers?.['distro'] ?? '';
  const named = /^([a-z][a-z0-9]*(?:-[a-z]+)*)-(\d.*)$/i.exec(distro);
  if (named !== null) return release(named[1]?.toLowerCase() ?? base, named[2] ?? '');
  if (/^\d/.test(distro)) return release(base, distro);
  if (distro !== '' && distro.toLowerCase() !== base) return distributionOf({ id: base, versionId: '', version: '', codename: distro.toLowerCase(), idLike: [] });
  if (system !== undefined && (base === '' || base === systemId(system))) return release(systemId(system), system.version);
  return base === '' ? unknownDistribution(purl.type) : release(base, '');
}

function release(id: string, version: string): Distribution {
  return distributionOf({ id: systemIds[id] ?? id, versionId: version, version, codename: '', idLike: [] });
}

function systemId(system: SbomSystem): string {
  const id = system.id.toLowerCase();
  return systemIds[id] ?? id;
}

/** Syft's `upstream` qualifier: "NAME", "NAME@VERSION", or the name of a source rpm. */
function upstreamOf(purl: PackageURL, version: string): { name: string; version: string } | undefined {
  const upstream = purl.qualifiers?.['upstream'];
  if (upstream === undefined || upstream === '') return undefined;
  const rpm = /^(.+)-([^-]+)-([^-]+)\.src\.rpm$/.exec(upstream);
  if (rpm !== null) return { name: rpm[1] ?? upstream, version };
  const at = upstream.lastIndexOf('@');
  return at > 0 ? { name: upstream.slice(0, at), version: upstream.slice(at + 1) } : { name: upstream, version };
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

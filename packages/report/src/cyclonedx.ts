import type { Finding } from '@palisade/model/finding';
import type { Package } from '@palisade/model/package';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Making } from './making.ts';
import { licenseClaim } from './licenses.ts';
import { plainText } from './plain-text.ts';
import { stableUuid } from './stable-uuid.ts';
import { isUnanswered, unansweredOf, unansweredPackages } from './unanswered.ts';

type Property = { readonly name: string; readonly value: string };
type Json = Record<string, unknown>;

/**
 * CycloneDX 1.6 JSON: packages as components, vulnerabilities beside them (a VDR). A package that no feed answers for
 * carries the property "palisade:vulnerabilities" with its "unknown: …"; gaps and the other kinds of findings are
 * properties of the document and annotations.
 */
export function formatCycloneDx(result: ScanResult, { now, version }: Making): string {
  const root = rootOf(result);
  const refs = referencesOf(result.packages);
  const unknown = unansweredPackages(result);
  const vulnerabilities = vulnerabilitiesOf(result, refs);
  const partial = result.status !== 'complete';
  const document: Json = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${stableUuid(JSON.stringify([root['bom-ref'], now.toISOString(), result.packages.map((one) => one.purl)]))}`,
    version: 1,
    metadata: {
      timestamp: now.toISOString(),
      tools: { components: [{ type: 'application', name: 'palisade', version }] },
      component: root,
      properties: documentProperties(result),
    },
    components: result.packages.map((one) => componentOf(one, refs.get(one) ?? one.purl, result, unknown)),
    dependencies: [{ ref: root['bom-ref'], dependsOn: [...new Set(refs.values())] }],
    compositions: [{ aggregate: partial ? 'incomplete' : 'complete', assemblies: [root['bom-ref']] }],
    vulnerabilities,
    annotations: result.findings.filter((finding) => finding.kind !== 'vulnerability').map((finding) => annotationOf(finding, root['bom-ref'], { now, version })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function rootOf({ target, image }: ScanResult): Json & { 'bom-ref': string } {
  const digest = image?.digest ?? image?.id;
  const name = target.kind === 'dir' || target.kind === 'archive' || target.kind === 'oci' || target.kind === 'sbom' ? target.ref : target.ref.split('@', 1)[0] ?? target.ref;
  const properties: Property[] = [];
  if (image !== null) {
    properties.push({ name: 'palisade:image:id', value: image.id }, { name: 'palisade:image:platform', value: image.platform });
    for (const layer of image.layers) properties.push({ name: 'palisade:layer', value: `${layer.diffId} ${plainText(layer.instruction)}`.trim() });
  }
  return {
    'bom-ref': `palisade:target:${target.kind}:${target.ref}`,
    type: image === null ? 'application' : 'container',
    name: plainText(name),
    ...(digest === undefined ? {} : { version: digest }),
    ...(properties.length === 0 ? {} : { properties }),
  };
}

function documentProperties(result: ScanResult): Property[] {
  return [
    { name: 'palisade:status', value: result.status },
    { name: 'palisade:content', value: result.content },
    { name: 'palisade:verdict', value: result.verdict.result },
    { name: 'palisade:feed', value: result.feed === null ? 'none: vulnerabilities are unknown' : `${result.feed.id} built ${result.feed.built}` },
    ...unansweredOf(result).map((group) => ({ name: 'palisade:vulnerabilities', value: plainText(`${group.text} (${group.findings.length} packages)`) })),
    ...result.gaps.map((gap) => ({ name: `palisade:gap:${gap.kind}`, value: plainText(`${gap.subject}: ${gap.reason} (${gap.count})`) })),
  ];
}

/** One reference a component; purls that occur twice (owned and not owned) are told apart. */
function referencesOf(packages: readonly Package[]): Map<Package, string> {
  const taken = new Set<string>();
  const refs = new Map<Package, string>();
  for (const one of packages) {
    let ref = one.purl;
    for (let copy = 2; taken.has(ref); copy += 1) ref = `${one.purl}#${copy}`;
    taken.add(ref);
    refs.set(one, ref);
  }
  return refs;
}

function componentOf(one: Package, ref: string, result: ScanResult, unknown: ReadonlyMap<string, string>): Json {
  const layer = result.image?.layers.find((candidate) => candidate.diffId === one.layer);
  const properties: Property[] = [{ name: 'palisade:ecosystem', value: one.ecosystem }];
  if (one.layer !== undefined) properties.push({ name: 'palisade:layer:diffId', value: one.layer });
  if (layer !== undefined && layer.instruction !== '') properties.push({ name: 'palisade:layer:instruction', value: plainText(layer.instruction) });
  if (one.ownedBy !== undefined) properties.push({ name: 'palisade:ownedBy', value: one.ownedBy });
  if (one.removed !== undefined) properties.push({ name: 'palisade:removedBy', value: one.removed });
  if (one.source !== undefined) properties.push({ name: 'palisade:source', value: plainText(`${one.source.name} ${one.source.version}`) });
  const answer = unknown.get(one.purl);
  if (answer !== undefined) properties.push({ name: 'palisade:vulnerabilities', value: plainText(answer) });
  return {
    'bom-ref': ref,
    type: 'library',
    ...nameOf(one),
    version: one.version,
    ...(one.dev === true ? { scope: 'excluded' } : {}),
    ...licensesOf(one.licenses ?? []),
    purl: one.purl,
    ...(one.paths.length === 0 ? {} : { evidence: { occurrences: one.paths.map((location) => ({ location: location.toWellFormed() })) } }),
    properties,
  };
}

function nameOf({ name, purl }: Package): { group?: string; name: string } {
  const separator = purl.startsWith('pkg:maven/') ? ':' : purl.startsWith('pkg:npm/') && name.startsWith('@') ? '/' : undefined;
  const at = separator === undefined ? -1 : name.indexOf(separator);
  return at <= 0 ? { name } : { group: name.slice(0, at), name: name.slice(at + 1) };
}

/** The schema takes either one expression, or a list of ids and names. */
function licensesOf(texts: readonly string[]): Json {
  const claims = texts.filter((text) => text.trim() !== '').map(licenseClaim);
  const [only] = claims;
  if (only === undefined) return {};
  if (claims.length === 1 && only.kind === 'expression') return { licenses: [{ expression: only.text }] };
  return { licenses: claims.map((claim) => ({ license: claim.kind === 'id' ? { id: claim.text } : { name: plainText(claim.text) } })) };
}

function vulnerabilitiesOf(result: ScanResult, refs: ReadonlyMap<Package, string>): Json[] {
  const byPurl = new Map<string, Package[]>();
  for (const one of result.packages) byPurl.set(one.purl, [...(byPurl.get(one.purl) ?? []), one]);
  const waived = new Map(result.verdict.waived.map((one) => [one.finding, one]));
  return result.findings
    .filter((finding) => finding.kind === 'vulnerability' && !isUnanswered(finding))
    .map((finding) => {
      const packages = byPurl.get(finding.package ?? '') ?? [];
      const accepted = waived.get(finding.id);
      return {
        'bom-ref': finding.id,
        id: finding.rule,
        source: sourceOf(finding),
        ...((finding.aliases ?? []).length === 0 ? {} : { references: (finding.aliases ?? []).map((alias) => ({ id: alias, source: { name: databaseOf(alias) } })) }),
        ratings: ratingsOf(finding),
        description: multiline(finding.description?.en ?? finding.title.en),
        ...(finding.remedy === undefined ? {} : { recommendation: multiline(finding.remedy.en) }),
        advisories: finding.references.filter(isUri).map((url) => ({ url })),
        analysis: {
          state: 'in_triage',
          detail: plainText(finding.answer === 'unknown' ? `unknown: ${finding.reason ?? ''}` : accepted === undefined ? finding.title.en : `${finding.title.en}; accepted by waiver ${accepted.waiver}: ${accepted.reason}`),
          ...(finding.fixState === 'wont-fix' ? { response: ['will_not_fix'] } : finding.fixed === undefined ? {} : { response: ['update'] }),
        },
        affects: packages.map((one) => ({ ref: refs.get(one) ?? one.purl, versions: [{ version: one.version, status: finding.answer === 'affected' ? 'affected' : 'unknown' }] })),
        properties: vulnerabilityProperties(finding),
      };
    });
}

function ratingsOf(finding: Finding): Json[] {
  const source = sourceOf(finding);
  if (finding.cvss === undefined) return [{ source, severity: finding.severity }];
  const { vector, score } = finding.cvss;
  const method = vector.startsWith('CVSS:4') ? 'CVSSv4' : vector.startsWith('CVSS:3.1') ? 'CVSSv31' : vector.startsWith('CVSS:3') ? 'CVSSv3' : 'CVSSv2';
  return [{ source, score, severity: finding.severity, method, vector }];
}

function vulnerabilityProperties(finding: Finding): Property[] {
  return [
    { name: 'palisade:priority', value: String(finding.priority.score) },
    ...(finding.fixed === undefined ? [] : [{ name: 'palisade:fixed', value: finding.fixed }]),
    ...(finding.fixState === undefined ? [] : [{ name: 'palisade:fixState', value: finding.fixState }]),
    ...(finding.layer === undefined ? [] : [{ name: 'palisade:layer:diffId', value: finding.layer }]),
    ...(finding.kev === true ? [{ name: 'palisade:kev', value: 'true' }] : []),
    ...(finding.epss === undefined ? [] : [{ name: 'palisade:epss', value: String(finding.epss) }]),
  ];
}

/** Findings that are no vulnerability of a component: CycloneDX has annotations for what a tool says of the whole. */
function annotationOf(finding: Finding, root: string, { now, version }: Making): Json {
  return {
    'bom-ref': finding.id,
    subjects: [root],
    annotator: { component: { type: 'application', name: 'palisade', version } },
    timestamp: now.toISOString(),
    text: plainText(`${finding.kind} ${finding.severity} ${finding.rule}: ${finding.title.en}${finding.path === undefined ? '' : ` (${finding.evidence ?? finding.path})`}`),
  };
}

function sourceOf(finding: Finding): Json {
  const url = finding.references.find(isUri);
  return { name: databaseOf(finding.rule), ...(url === undefined ? {} : { url }) };
}

function databaseOf(id: string): string {
  const prefix = /^([A-Z][A-Z0-9]*)-/.exec(id)?.[1];
  return prefix === undefined ? 'Palisade' : (({ CVE: 'NVD', GHSA: 'GitHub', DSA: 'Debian', DLA: 'Debian', GO: 'Go', PYSEC: 'PyPI', RUSTSEC: 'RustSec', ALSA: 'AlmaLinux', MAL: 'OpenSSF malicious packages' } as Readonly<Record<string, string>>)[prefix] ?? prefix);
}

function isUri(text: string): boolean {
  return /^https?:\/\/[\w.~:/?#[\]@!$&'()*+,;=%-]+$/.test(text) && URL.canParse(text) && !/%(?![0-9a-f]{2})/i.test(text);
}

function multiline(text: string): string {
  return text.split('\n').map(plainText).join('\n');
}

import type { Finding } from '@palisade/model/finding';
import type { Package } from '@palisade/model/package';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Making } from './making.ts';
import { licenseClaim } from './licenses.ts';
import { plainText } from './plain-text.ts';
import { stableUuid } from './stable-uuid.ts';
import { isUnanswered, unansweredOf, unansweredPackages } from './unanswered.ts';

type Json = Record<string, unknown>;
const rootId = 'SPDXRef-Target';

/**
 * SPDX 2.3 JSON. SPDX 2 has no place for vulnerabilities but SECURITY references and annotations: both are used, so
 * that "unknown" and every gap stand in the document.
 */
export function formatSpdx(result: ScanResult, { now, version }: Making): string {
  // The format knows whole seconds only.
  const date = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const annotator = `Tool: palisade-${version}`;
  const annotate = (comment: string): Json => ({ annotationDate: date, annotationType: 'OTHER', annotator, comment: plainText(comment) });
  const licenses = new Map<string, Json>();
  const unknown = unansweredPackages(result);
  const findings = findingsByPackage(result);
  const ids = result.packages.map((one, index) => `SPDXRef-Package-${String(index + 1)}-${one.name.replace(/[^a-zA-Z0-9.-]+/g, '-').slice(0, 60)}`);
  const packages = result.packages.map((one, index) => packageOf(one, ids[index] ?? '', result, licenses, [
    ...(unknown.has(one.purl) ? [annotate(`vulnerabilities: ${unknown.get(one.purl) ?? ''}`)] : []),
    ...(findings.get(one.purl) ?? []).map((finding) => annotate(`${finding.rule} ${finding.severity} ${finding.answer === 'unknown' ? `unknown: ${finding.reason ?? ''}` : `affected${finding.fixed === undefined ? '' : `, fixed in ${finding.fixed}`}`}: ${finding.title.en}`)),
  ], findings.get(one.purl) ?? []));
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: plainText(`${result.target.kind}:${result.target.ref}`),
    documentNamespace: `urn:uuid:${stableUuid(JSON.stringify([result.target, date, result.packages.map((one) => one.purl)]))}`,
    creationInfo: { created: date, creators: [annotator], comment: `scan ${result.status}, content ${result.content}, verdict ${result.verdict.result}, feed ${result.feed === null ? 'none' : result.feed.id}` },
    packages: [targetOf(result), ...packages],
    hasExtractedLicensingInfos: [...licenses.values()],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: rootId },
      ...ids.map((id) => ({ spdxElementId: rootId, relationshipType: 'CONTAINS', relatedSpdxElement: id })),
    ],
    annotations: [
      ...unansweredOf(result).map((group) => annotate(`vulnerabilities ${group.text} (${group.findings.length} packages)`)),
      ...result.gaps.map((gap) => annotate(`not looked at: ${gap.kind} ${gap.subject}: ${gap.reason} (${gap.count})`)),
      ...result.findings.filter((finding) => finding.kind !== 'vulnerability').map((finding) => annotate(`${finding.kind} ${finding.severity} ${finding.rule}: ${finding.title.en}${finding.path === undefined ? '' : ` (${finding.evidence ?? finding.path})`}`)),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function targetOf({ target, image }: ScanResult): Json {
  const digest = /^sha256:([0-9a-f]{64})$/.exec(image?.digest ?? image?.id ?? '')?.[1];
  return {
    SPDXID: rootId,
    name: plainText(target.ref),
    ...(digest === undefined ? {} : { versionInfo: `sha256:${digest}`, checksums: [{ algorithm: 'SHA256', checksumValue: digest }] }),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    primaryPackagePurpose: image === null ? 'OTHER' : 'CONTAINER',
  };
}

function packageOf(one: Package, id: string, result: ScanResult, licenses: Map<string, Json>, annotations: readonly Json[], findings: readonly Finding[]): Json {
  const layer = result.image?.layers.find((candidate) => candidate.diffId === one.layer);
  const place = [`found in ${one.paths.join(', ') || 'no file'}`, ...(one.layer === undefined ? [] : [`layer ${one.layer}${layer === undefined ? '' : ` (${layer.instruction})`}`]), ...(one.removed === undefined ? [] : [`removed by layer ${one.removed}`]), ...(one.ownedBy === undefined ? [] : [`owned by ${one.ownedBy}`])];
  return {
    SPDXID: id,
    name: plainText(one.name),
    versionInfo: plainText(one.version),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: declaredOf(one.licenses ?? [], licenses),
    copyrightText: 'NOASSERTION',
    sourceInfo: plainText(place.join('; ')),
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: one.purl },
      ...findings.filter((finding) => finding.references[0] !== undefined && /^https?:\/\/\S+$/.test(finding.references[0])).map((finding) => ({ referenceCategory: 'SECURITY', referenceType: 'advisory', referenceLocator: finding.references[0], comment: finding.rule })),
    ],
    ...(annotations.length === 0 ? {} : { annotations }),
  };
}

function findingsByPackage(result: ScanResult): Map<string, Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const finding of result.findings) {
    if (finding.kind !== 'vulnerability' || finding.package === undefined || isUnanswered(finding)) continue;
    found.set(finding.package, [...(found.get(finding.package) ?? []), finding]);
  }
  return found;
}

/** An expression over listed ids; what is neither id nor expression becomes a LicenseRef with its own words. */
function declaredOf(texts: readonly string[], licenses: Map<string, Json>): string {
  const parts = texts.filter((text) => text.trim() !== '').map((text) => {
    const claim = licenseClaim(text);
    if (claim.kind === 'id') return claim.text;
    if (claim.kind === 'expression') return texts.length > 1 ? `(${claim.text})` : claim.text;
    const licenseId = `LicenseRef-${stableUuid(claim.text).slice(0, 13)}`;
    licenses.set(licenseId, { licenseId, extractedText: plainText(claim.text), name: plainText(claim.text).slice(0, 200) });
    return licenseId;
  });
  return parts.length === 0 ? 'NOASSERTION' : [...new Set(parts)].join(' AND ');
}

import { z } from 'zod';
import { sbomLimits, UnreadableSbom } from './document.ts';
import type { Sbom } from './document.ts';
import { packagesOf } from './entry.ts';
import type { SbomEntry, SbomSystem } from './entry.ts';

const id = z.string().regex(/^SPDXRef-[a-zA-Z0-9.-]+$/, 'must be SPDXRef- and letters, digits, "." or "-"');
const SpdxPackage = z.looseObject({
  SPDXID: id,
  name: z.string().min(1),
  versionInfo: z.string().optional(),
  downloadLocation: z.string().optional(),
  licenseDeclared: z.string().optional(),
  primaryPackagePurpose: z.string().optional(),
  externalRefs: z.array(z.looseObject({ referenceCategory: z.string(), referenceType: z.string(), referenceLocator: z.string() })).optional(),
});
const Document = z.looseObject({
  spdxVersion: z.string().regex(/^SPDX-2\.[0-3]$/, 'only SPDX 2.0 to 2.3 is read'),
  dataLicense: z.string(),
  SPDXID: id,
  name: z.string(),
  documentNamespace: z.string().optional(),
  creationInfo: z.looseObject({ created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'must be YYYY-MM-DDThh:mm:ssZ'), creators: z.array(z.string()).min(1) }),
  packages: z.array(SpdxPackage).max(sbomLimits.entries).default([]),
});

/** Reads an SPDX 2 document given as its JSON form; throws UnreadableSbom naming the place that is wrong. */
export function readSpdx(value: object, subject: string, encoding: 'JSON' | 'tag-value'): Sbom {
  const parsed = Document.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnreadableSbom(subject, issue?.path.join('/') ?? '', issue?.message ?? 'does not fit SPDX 2');
  }
  const document = parsed.data;
  const seen = new Set<string>();
  for (const one of document.packages) {
    if (seen.has(one.SPDXID)) throw new UnreadableSbom(subject, 'packages', `the SPDXID "${one.SPDXID.slice(0, 100)}" stands for two packages`);
    seen.add(one.SPDXID);
  }
  const described = document.packages.find((one) => one.primaryPackagePurpose?.replace('_', '-') === 'OPERATING-SYSTEM');
  const system: SbomSystem | undefined = described === undefined ? undefined : { id: described.name, version: described.versionInfo ?? '' };
  const { packages, gaps } = packagesOf(entriesOf(document.packages), system);
  return { format: `${document.spdxVersion.replace('-', ' ')} ${encoding}`, packages, gaps, entries: document.packages.length };
}

/** What describes the whole (the image, the operating system) is no package of it. */
function* entriesOf(packages: readonly z.infer<typeof SpdxPackage>[]): Generator<SbomEntry> {
  for (const one of packages) {
    const purl = one.externalRefs?.find((ref) => ref.referenceType === 'purl')?.referenceLocator;
    const purpose = one.primaryPackagePurpose?.replace('_', '-') ?? '';
    if ((purl === undefined || purl.startsWith('pkg:oci/')) && /^(?:CONTAINER|OPERATING-SYSTEM|FILE|OTHER|ARCHIVE|DEVICE|FIRMWARE)$/.test(purpose)) continue;
    const declared = one.licenseDeclared ?? '';
    yield { purl, name: one.name, version: one.versionInfo ?? '', ...(declared === '' || declared === 'NOASSERTION' || declared === 'NONE' ? {} : { licenses: [declared] }) };
  }
}

import type { CelInput } from '@bufbuild/cel';
import type { Container } from '@palisade/model/container';
import type { Finding } from '@palisade/model/finding';
import type { Package } from '@palisade/model/package';
import type { ScanResult } from '@palisade/model/scan-result';

/** Scan results are JSON; CEL takes JSON as it is once `undefined` is gone. */
function plain(value: unknown): CelInput {
  return JSON.parse(JSON.stringify(value ?? null)) as CelInput;
}

/** The `image` variable; every documented field is there, so that a rule fails only on what truly is unknown. */
export function imageBinding(scan: ScanResult): CelInput {
  const { image } = scan;
  if (image === null) return plain({ id: '', digest: '', platform: '', created: null, user: '', base: '', labels: {}, layers: [], signed: null, names: [] });
  return plain({ ...image, digest: image.digest ?? '', user: image.user ?? '', base: image.base ?? '', labels: image.labels ?? {}, names: image.names ?? [], signed: image.signed ?? null });
}

export function scanBinding(scan: ScanResult): CelInput {
  return plain({ status: scan.status, content: scan.content, feed: scan.feed, gaps: scan.gaps, target: scan.target, packages: scan.packages.length, findings: scan.findings.length });
}

export function workloadBinding(workload: Container): CelInput {
  return plain({ ...workload, namespace: workload.namespace ?? '', project: workload.project ?? '', workload: workload.workload ?? '' });
}

/** The `finding` variable: its package is spelled out, and what it lacks is empty rather than an error. */
export function findingBinding(finding: Finding, packages: ReadonlyMap<string, Package>, baseLayers: ReadonlySet<string>): CelInput {
  const found = finding.package === undefined ? undefined : packages.get(finding.package);
  return plain({
    reason: '', fixed: '', fixState: 'unknown', layer: '', instruction: '', path: '', removed: '', aliases: [], evidence: '',
    epss: 0, kev: false, cvss: { score: 0, vector: '' },
    ...finding,
    baseLayer: finding.layer !== undefined && baseLayers.has(finding.layer),
    package: {
      purl: finding.package ?? '',
      name: found?.name ?? '',
      version: found?.version ?? '',
      ecosystem: found?.ecosystem ?? '',
      source: found?.source?.name ?? found?.name ?? '',
      ownedBy: found?.ownedBy ?? '',
    },
  });
}

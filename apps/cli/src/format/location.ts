import type { Finding } from '@palisade/model/finding';
import type { ScanResult } from '@palisade/model/scan-result';

/** Where a finding stands, for viewers that know files and lines. `line` counts from 1. */
export type FileLocation = { readonly path: string; readonly line: number };

/** A finding without a file belongs to the target as a whole, named by its reference. */
export function locationOf(finding: Pick<Finding, 'path' | 'evidence'>, target: ScanResult['target']): FileLocation {
  if (finding.path === undefined) return { path: target.ref, line: 1 };
  const start = `${finding.path}:`;
  const line = finding.evidence?.startsWith(start) === true ? /^\d+/.exec(finding.evidence.slice(start.length))?.[0] : undefined;
  // A jar inside a war is written "a.war!WEB-INF/lib/b.jar": the file on the disk is the outer one.
  return { path: finding.path.split('!', 1)[0] ?? finding.path, line: Math.max(1, Number(line ?? 1)) };
}

/** A path as the relative reference of RFC 3986: each part encoded, so that a name can't turn into a scheme or leave the tree. */
export function relativeUri(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.length === 0 ? '.' : parts.map((part) => encodeURIComponent(part.toWellFormed()).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)).join('/');
}

import type { Found } from '../found.ts';

/** groupId, artifactId and version of a pom.properties; undefined where one is missing. */
export function fromPomProperties(text: string): Found | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(groupId|artifactId|version)\s*[=:]\s*(\S+)\s*$/.exec(line);
    if (match !== null) fields.set(match[1] ?? '', match[2] ?? '');
  }
  const [group, artifact, version] = [fields.get('groupId'), fields.get('artifactId'), fields.get('version')];
  return group === undefined || artifact === undefined || version === undefined || version.includes('${') ? undefined : { type: 'maven', namespace: group, name: artifact, version };
}

/** What a jar without pom.properties says of itself: its file name first, then its manifest. An unknown group is written as the artifact's name, as old Maven artifacts are. */
export function fromNameAndManifest(fileName: string, manifest: ReadonlyMap<string, string>): Found | undefined {
  // The pattern below is quadratic in the length of a hostile name.
  if (fileName.length > 255) return undefined;
  const stem = fileName.replace(/\.[a-z]+$/i, '');
  const named = /^(.+?)[-_]v?(\d[\w.+-]*)$/.exec(stem);
  const version = [named?.[2], manifest.get('implementation-version'), manifest.get('bundle-version'), manifest.get('specification-version')].find((text) => text !== undefined && /^v?\d/.test(text));
  if (version === undefined) return undefined;
  const symbolic = (manifest.get('bundle-symbolicname') ?? '').split(';', 1)[0]?.trim() ?? '';
  const moduleName = manifest.get('automatic-module-name') ?? '';
  const name = named?.[1] ?? (stem === '' ? symbolic : stem);
  if (!/^[\w.-]+$/.test(name)) return undefined;
  const group = groupOf(manifest.get('implementation-vendor-id') ?? '', symbolic === '' ? moduleName : symbolic, name);
  return { type: 'maven', namespace: group ?? name, name, version: version.split(/\s/, 1)[0] ?? version };
}

/** A reverse domain name out of the manifest: the vendor's id, or the bundle's name without the artifact at its end. */
function groupOf(vendorId: string, symbolic: string, name: string): string | undefined {
  if (/^[a-z][\w-]*(?:\.[\w-]+)+$/i.test(vendorId)) return vendorId;
  if (!/^[a-z][\w-]*(?:\.[\w-]+)+$/i.test(symbolic)) return undefined;
  const last = symbolic.slice(symbolic.lastIndexOf('.') + 1);
  return name.endsWith(last) || last.endsWith(name) ? symbolic.slice(0, -last.length - 1) : symbolic;
}

/** The main section of a manifest, names in lower case (JAR File Specification: lines of 72 bytes, continued by a blank). */
export function readManifest(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of (text.replace(/\r?\n /g, '').split(/\r?\n\r?\n/, 1)[0] ?? '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

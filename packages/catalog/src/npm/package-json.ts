import type { Found } from '../found.ts';

/** An installed package's own description; undefined where it names no package (a module-type marker, a workspace root). */
export function readPackageJson(text: string): Found | undefined {
  const json: unknown = JSON.parse(text);
  if (!isRecord(json)) return undefined;
  const { name, version } = json;
  if (typeof name !== 'string' || typeof version !== 'string' || name === '' || version === '') return undefined;
  return npmPackage(name, version, { ...licensesOf(json) });
}

/** A found npm package with its scope as the purl namespace. */
export function npmPackage(name: string, version: string, extra: Partial<Found> = {}): Found {
  const slash = name.startsWith('@') ? name.indexOf('/') : -1;
  return { type: 'npm', ...(slash === -1 ? { name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) }), version, ...extra };
}

/** True for a JSON or YAML object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function licensesOf(json: Record<string, unknown>): { licenses?: string[] } {
  const raw = json['license'] ?? json['licenses'];
  const list = (Array.isArray(raw) ? raw : [raw]).map((item: unknown) => (isRecord(item) ? item['type'] : item)).filter((item) => typeof item === 'string' && item !== '');
  return list.length === 0 ? {} : { licenses: list as string[] };
}

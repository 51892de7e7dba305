import type { Found } from '../found.ts';
import { readStanzas } from '../headers.ts';

const wanted = new Set(['package', 'status', 'version', 'source', 'architecture']);

/** Packages of a status file that are on the disk. `bad` counts stanzas and lines that could not be read, `reason` says the first. */
export function readStatus(text: string, type: 'deb' | 'opkg'): { packages: Found[]; bad: number; reason: string } {
  const packages: Found[] = [];
  let bad = 0;
  let reason = '';
  const fail = (why: string): void => {
    bad += 1;
    reason ||= why;
  };
  const lines = readStanzas(text, wanted, (fields) => {
    if (fields.size === 0) return;
    if (!onDisk(fields.get('status'))) return;
    const name = fields.get('package') ?? '';
    const version = fields.get('version') ?? '';
    if (name === '') return fail('a stanza has no Package field');
    if (version === '') return fail(`package ${name} has no Version field`);
    const arch = fields.get('architecture');
    const source = sourceOf(fields.get('source'), name, version);
    packages.push({ type, name, version, ...(arch === undefined ? {} : { arch }), ...(source === undefined ? {} : { source }) });
  });
  if (lines > 0) {
    bad += lines;
    reason ||= `${lines} lines are not "Field: value"`;
  }
  return { packages, bad, reason };
}

/** dpkg's third word is the state; a package that is only known by its conffiles, or not at all, is not there. No Status: distroless. */
function onDisk(status: string | undefined): boolean {
  if (status === undefined) return true;
  const state = status.split(/\s+/)[2];
  return state !== 'not-installed' && state !== 'config-files';
}

/** "name (version)"; absent fields mean the binary package's own. */
function sourceOf(field: string | undefined, name: string, version: string): { name: string; version: string } | undefined {
  if (field === undefined || field === '') return undefined;
  const match = /^(\S+)(?:\s+\(([^)]*)\))?/.exec(field);
  const source = { name: match?.[1] ?? field, version: match?.[2] ?? version };
  return source.name === name && source.version === version ? undefined : source;
}

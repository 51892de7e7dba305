import type { Found, Owned } from '../found.ts';
import { mayHoldPackage } from '../found.ts';

/** Sizes that rpm itself enforces on headers (rpm's header.c): 256 MiB of data, 64 Ki tags. */
export const headerLimits = { bytes: 256 * 1024 * 1024, tags: 65_536 } as const;

const tags = { name: 1000, version: 1001, release: 1002, epoch: 1003, license: 1014, arch: 1022, sourceRpm: 1044, dirIndexes: 1116, baseNames: 1117, dirNames: 1118, modularityLabel: 5096 } as const;
const types = { int32: 4, string: 6, stringArray: 8, i18nString: 9 } as const;

type Entry = { readonly type: number; readonly offset: number; readonly count: number };

/** One installed package out of a header as the database stores it (no magic). Undefined for imported keys, which are no software. Throws on a forged header. */
export function readHeader(blob: Buffer): { found: Found; owned: Owned } | undefined {
  if (blob.length < 8) throw new Error('a header is cut short');
  const count = blob.readUInt32BE(0);
  const size = blob.readUInt32BE(4);
  if (count > headerLimits.tags || 8 + count * 16 + size > blob.length) throw new Error('a header claims more than it has');
  const data = blob.subarray(8 + count * 16, 8 + count * 16 + size);
  const entries = new Map<number, Entry>();
  for (let i = 0; i < count; i += 1) {
    const at = 8 + i * 16;
    const entry = { type: blob.readUInt32BE(at + 4), offset: blob.readUInt32BE(at + 8), count: blob.readUInt32BE(at + 12) };
    if (entry.offset <= data.length) entries.set(blob.readUInt32BE(at), entry);
  }
  const text = (tag: number): string => strings(data, entries.get(tag), 1)[0] ?? '';
  const name = text(tags.name);
  if (name === 'gpg-pubkey') return undefined;
  const version = text(tags.version);
  if (name === '' || version === '') throw new Error('a header has no name or version');
  const epoch = numbers(data, entries.get(tags.epoch))[0];
  const evr = `${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${version}-${text(tags.release)}`;
  const arch = text(tags.arch);
  const license = text(tags.license);
  const source = sourceOf(text(tags.sourceRpm), name, evr, epoch);
  const label = text(tags.modularityLabel);
  const found: Found = {
    type: 'rpm',
    name,
    version: evr,
    ...(arch === '' ? {} : { arch }),
    ...(source === undefined ? {} : { source }),
    ...(license === '' ? {} : { licenses: [license] }),
    ...(label === '' ? {} : { qualifiers: { rpmmod: label } }),
  };
  return { found, owned: { owner: name, paths: paths(data, entries) } };
}

function paths(data: Buffer, entries: ReadonlyMap<number, Entry>): string[] {
  const folders = strings(data, entries.get(tags.dirNames), headerLimits.bytes);
  const indexes = numbers(data, entries.get(tags.dirIndexes));
  const names = strings(data, entries.get(tags.baseNames), headerLimits.bytes);
  const kept: string[] = [];
  for (const [i, name] of names.entries()) {
    const path = `${folders[indexes[i] ?? -1] ?? ''}${name}`.replace(/^\/+/, '');
    if (mayHoldPackage(path)) kept.push(path);
  }
  return kept;
}

function strings(data: Buffer, entry: Entry | undefined, most: number): string[] {
  if (entry === undefined || (entry.type !== types.string && entry.type !== types.stringArray && entry.type !== types.i18nString)) return [];
  const found: string[] = [];
  let at = entry.offset;
  const count = Math.min(entry.count, most);
  while (found.length < count && at < data.length) {
    const end = data.indexOf(0, at);
    if (end === -1) break;
    found.push(data.toString('utf8', at, end));
    at = end + 1;
  }
  return found;
}

function numbers(data: Buffer, entry: Entry | undefined): number[] {
  if (entry === undefined || entry.type !== types.int32) return [];
  const found: number[] = [];
  for (let at = entry.offset; found.length < entry.count && at + 4 <= data.length; at += 4) found.push(data.readUInt32BE(at));
  return found;
}

/** "name-version-release.src.rpm"; the epoch is not in the file name and is the binary's. */
function sourceOf(file: string, name: string, evr: string, epoch: number | undefined): { name: string; version: string } | undefined {
  const match = /^(.+)-([^-]+)-([^-]+)\.(?:no)?src\.rpm$/.exec(file);
  if (match === null) return undefined;
  const version = `${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${match[2]}-${match[3]}`;
  return match[1] === name && version === evr ? undefined : { name: match[1] ?? '', version };
}

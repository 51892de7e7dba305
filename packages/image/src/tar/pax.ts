import { DamagedArchive } from '../error.ts';
import type { TarHeader } from './header.ts';

/** Records of a PAX extended header: "LENGTH KEY=VALUE\n", LENGTH counting the whole record in bytes. */
export function parsePax(body: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let offset = 0;
  while (offset < body.length && body[offset] !== 0) {
    const space = body.indexOf(32, offset);
    const length = space === -1 ? Number.NaN : Number(body.toString('latin1', offset, space));
    if (!Number.isInteger(length) || length <= space - offset || offset + length > body.length) {
      throw new DamagedArchive('a PAX record has a wrong length');
    }
    const equals = body.indexOf(61, space);
    if (equals === -1 || equals >= offset + length) throw new DamagedArchive('a PAX record has no "="');
    records.set(body.toString('latin1', space + 1, equals), body.toString('utf8', equals + 1, offset + length - 1));
    offset += length;
  }
  return records;
}

/** Lays PAX records over the header they precede. Throws DamagedArchive for a size that is none. */
export function applyPax(header: TarHeader, records: ReadonlyMap<string, string>): void {
  for (const [key, value] of records) {
    if (key === 'path' || key === 'GNU.sparse.name') header.name = value;
    else if (key === 'linkpath') header.linkname = value;
    else if (key === 'size') header.size = integer(key, value);
    else if (key === 'uid') header.uid = integer(key, value);
    else if (key === 'gid') header.gid = integer(key, value);
    else if (key === 'mtime') header.mtime = Math.floor(Number(value)) || 0;
  }
}

function integer(key: string, value: string): number {
  const result = Number(value);
  if (!Number.isSafeInteger(result) || result < 0) throw new DamagedArchive(`PAX "${key}" is not a number`);
  return result;
}

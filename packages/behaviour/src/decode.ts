import { PalisadeError } from '@palisade/model/error';
import type { InodeInfo, RecordHeader, SocketInfo } from './decode.gen.ts';
import { emptyInodeInfo, emptyRecordHeader, emptySocketInfo, firstSyscall, inodeInfoSize, maxRecord, readInodeInfo, readRecordHeader, readSocketInfo, recordSize, socketInfoSize, syscalls, tags } from './decode.gen.ts';

/** Fields a record may have; the sensor writes at most 24. More than this is a broken stream, not a big record. */
const maxFields = 64;

/**
 * One record, reused for the next: whoever keeps something copies it. Field i has `tags[i]` and lies in `bytes`
 * at `starts[i]`, `lengths[i]` bytes long.
 */
export type SensorRecord = {
  bytes: Buffer;
  /** Where the record begins in `bytes`; it is `header.size` long. */
  at: number;
  readonly header: RecordHeader;
  fields: number;
  readonly tags: Uint16Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
};

export function emptyRecord(): SensorRecord {
  return { bytes: Buffer.alloc(0), at: 0, header: emptyRecordHeader(), fields: 0, tags: new Uint16Array(maxFields), starts: new Uint32Array(maxFields), lengths: new Uint32Array(maxFields) };
}

/** Reads the record at `at`, wholly inside `bytes`. Throws `sensor-record` when its fields contradict its size. */
export function decodeRecord(bytes: Buffer, at: number, into: SensorRecord): void {
  if (at < 0 || bytes.length - at < recordSize) throw broken('shorter than its header', at);
  readRecordHeader(bytes, at, into.header);
  const size = into.header.size;
  if (size < recordSize || size > maxRecord || size > bytes.length - at) throw broken(`size ${size}`, at);
  into.bytes = bytes;
  into.at = at;
  into.fields = 0;
  const end = at + size;
  let position = at + recordSize;
  while (position < end) {
    if (end - position < 4) throw broken('a field without its header', at);
    if (into.fields === maxFields) throw broken(`more than ${maxFields} fields`, at);
    const length = bytes.readUInt16LE(position + 2);
    if (length > end - position - 4) throw broken(`a field of ${length} bytes past the end`, at);
    into.tags[into.fields] = bytes.readUInt16LE(position);
    into.starts[into.fields] = position + 4;
    into.lengths[into.fields] = length;
    into.fields += 1;
    position += 4 + length;
  }
}

/** The text of a field, or undefined where the record has none: absent is not empty. */
export function textOf(record: SensorRecord, tag: number): string | undefined {
  const index = indexOf(record, tag);
  if (index < 0) return undefined;
  const start = record.starts[index] as number;
  return record.bytes.toString('utf8', start, start + (record.lengths[index] as number));
}

/** The NUL-separated strings of a field (argv, environment). */
export function stringsOf(record: SensorRecord, tag: number): string[] | undefined {
  const text = textOf(record, tag);
  if (text === undefined) return undefined;
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/** A copy of a field's bytes. */
export function bytesOf(record: SensorRecord, tag: number): Buffer | undefined {
  const index = indexOf(record, tag);
  if (index < 0) return undefined;
  const start = record.starts[index] as number;
  return Buffer.from(record.bytes.subarray(start, start + (record.lengths[index] as number)));
}

/** A socket as the kernel held it when the record was made. */
export function socketOf(record: SensorRecord, tag: number): SocketInfo | undefined {
  const bytes = bytesOf(record, tag);
  if (bytes === undefined || bytes.length < socketInfoSize) return undefined;
  const info = emptySocketInfo();
  readSocketInfo(bytes, 0, info);
  return info;
}

/** The executed file as its file system describes it; times in ns since 1970. */
export function executedFileOf(record: SensorRecord): InodeInfo | undefined {
  const bytes = bytesOf(record, tags.inode);
  if (bytes === undefined || bytes.length < inodeInfoSize) return undefined;
  const info = emptyInodeInfo();
  readInodeInfo(bytes, 0, info);
  return info;
}

/** The syscall's name, or undefined for a record of another kind. */
export function syscallName(kind: number): string | undefined {
  return syscalls[kind - firstSyscall]?.name;
}

/**
 * Cuts a byte stream into records. `push` calls `onRecord` for each whole one, with a record that the next call
 * reuses. Throws `sensor-record` on a broken stream: nothing after it can be trusted.
 */
export function createRecordStream(onRecord: (record: SensorRecord) => void): { push(chunk: Buffer): void } {
  const record = emptyRecord();
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (bytes.length - at >= 4) {
        const size = bytes.readUInt32LE(at);
        if (size < recordSize || size > maxRecord) throw broken(`size ${size}`, at);
        if (bytes.length - at < size) break;
        decodeRecord(bytes, at, record);
        onRecord(record);
        at += size;
      }
      rest = bytes.subarray(at);
    },
  };
}

function indexOf(record: SensorRecord, tag: number): number {
  for (let index = 0; index < record.fields; index += 1) if (record.tags[index] === tag) return index;
  return -1;
}

function broken(what: string, at: number): PalisadeError {
  return new PalisadeError('sensor-record', `broken sensor record: ${what}`, { status: 500, detail: { at } });
}

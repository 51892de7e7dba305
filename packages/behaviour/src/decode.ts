import { PalisadeError } from '@palisade/model/error';
import { InodeInfo, RecordHeader, SocketInfo, firstSyscall, inodeInfoSize, maxRecord, recordSize, socketInfoSize, syscalls, tags } from './decode.gen.ts';

/** Fields a record may have; the sensor writes at most 24. More than this is a broken stream, not a big record. */
const maxFields = 64;

/**
 * One record, reused for the next: whoever keeps something copies it. Field i has `tags[i]` and lies in `bytes`
 * at `starts[i]`, `lengths[i]` bytes long.
 */
export type SensorRecord = {
  bytes: Buffer;
  /** The same bytes: plain loads of numbers, where a Buffer's methods check and put together byte by byte. */
  view: DataView;
  /** Where the record begins in `bytes`; it is `header.size` long. */
  at: number;
  readonly header: RecordHeader;
  fields: number;
  readonly tags: Uint16Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
};

export function emptyRecord(): SensorRecord {
  const view = new DataView(new ArrayBuffer(recordSize));
  return { bytes: Buffer.alloc(0), view, at: 0, header: new RecordHeader(view, 0), fields: 0, tags: new Uint16Array(maxFields), starts: new Uint32Array(maxFields), lengths: new Uint32Array(maxFields) };
}

/** Reads the record at `at`, wholly inside `bytes`. Throws `sensor-record` when its fields contradict its size. */
export function decodeRecord(bytes: Buffer, at: number, into: SensorRecord): void {
  if (at < 0 || bytes.length - at < recordSize) throw broken('shorter than its header', at);
  if (into.bytes !== bytes) {
    into.bytes = bytes;
    into.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    into.header.view = into.view;
  }
  const { view } = into;
  into.at = at;
  into.header.at = at;
  const size = view.getUint32(at, true);
  if (size < recordSize || size > maxRecord || size > bytes.length - at) throw broken(`size ${size}`, at);
  const end = at + size;
  let position = at + recordSize;
  let fields = 0;
  while (position < end) {
    if (end - position < 4) throw broken('a field without its header', at);
    if (fields === maxFields) throw broken(`more than ${maxFields} fields`, at);
    const length = view.getUint16(position + 2, true);
    if (length > end - position - 4) throw broken(`a field of ${length} bytes past the end`, at);
    into.tags[fields] = view.getUint16(position, true);
    into.starts[fields] = position + 4;
    into.lengths[fields] = length;
    fields += 1;
    position += 4 + length;
  }
  into.fields = fields;
}

/** The text of a field, or undefined where the record has none: absent is not empty. */
export function textOf(record: SensorRecord, tag: number): string | undefined {
  const index = fieldAt(record, tag);
  return index < 0 ? undefined : textAt(record, index);
}

/** The text of the field with that number. */
export function textAt(record: SensorRecord, index: number): string {
  const start = record.starts[index] as number;
  return record.bytes.toString('utf8', start, start + (record.lengths[index] as number));
}

/** True when two fields hold the same bytes. */
export function sameBytes(record: SensorRecord, one: number, other: number): boolean {
  const length = record.lengths[one] as number;
  if (length !== record.lengths[other]) return false;
  const { view } = record;
  let a = record.starts[one] as number;
  let b = record.starts[other] as number;
  const end = a + length;
  for (; a + 4 <= end; a += 4, b += 4) if (view.getUint32(a, true) !== view.getUint32(b, true)) return false;
  for (; a < end; a += 1, b += 1) if (view.getUint8(a) !== view.getUint8(b)) return false;
  return true;
}

/** The NUL-separated strings of a field (argv, environment). */
export function stringsOf(record: SensorRecord, tag: number): string[] | undefined {
  const text = textOf(record, tag);
  if (text === undefined) return undefined;
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}

/** A copy of a field's bytes. */
export function bytesOf(record: SensorRecord, tag: number): Buffer | undefined {
  const index = fieldAt(record, tag);
  if (index < 0) return undefined;
  const start = record.starts[index] as number;
  return Buffer.from(record.bytes.subarray(start, start + (record.lengths[index] as number)));
}

/** A socket as the kernel held it when the record was made; it reads from the record's bytes. */
export function socketOf(record: SensorRecord, tag: number): SocketInfo | undefined {
  const index = fieldAt(record, tag);
  return index < 0 || (record.lengths[index] as number) < socketInfoSize ? undefined : new SocketInfo(record.view, record.starts[index] as number);
}

/** The executed file as its file system describes it; times in ns since 1970. It reads from the record's bytes. */
export function executedFileOf(record: SensorRecord): InodeInfo | undefined {
  const index = fieldAt(record, tags.inode);
  return index < 0 || (record.lengths[index] as number) < inodeInfoSize ? undefined : new InodeInfo(record.view, record.starts[index] as number);
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
  // A record that the end of a chunk cut: only its own bytes are put together, the next chunk is read in place.
  let rest: Buffer = Buffer.alloc(0);
  const sizeAt = (bytes: Buffer, at: number): number => {
    const size = bytes.readUInt32LE(at);
    if (size < recordSize || size > maxRecord) throw broken(`size ${size}`, at);
    return size;
  };
  return {
    push(chunk) {
      let at = 0;
      if (rest.length > 0) {
        const head = rest.length >= 4 ? rest : Buffer.concat([rest, chunk.subarray(0, 4 - rest.length)]);
        if (head.length < 4) {
          rest = head;
          return;
        }
        const missing = sizeAt(head, 0) - rest.length;
        const whole = Buffer.concat([rest, chunk.subarray(0, missing)]);
        if (chunk.length < missing) {
          rest = whole;
          return;
        }
        decodeRecord(whole, 0, record);
        onRecord(record);
        at = missing;
      }
      while (chunk.length - at >= 4) {
        const size = sizeAt(chunk, at);
        if (chunk.length - at < size) break;
        decodeRecord(chunk, at, record);
        onRecord(record);
        at += size;
      }
      rest = at === chunk.length ? empty : Buffer.from(chunk.subarray(at));
    },
  };
}

const empty = Buffer.alloc(0);

/** The number of the field with a tag; below zero: the record has none. */
export function fieldAt(record: SensorRecord, tag: number): number {
  for (let index = 0; index < record.fields; index += 1) if (record.tags[index] === tag) return index;
  return -1;
}

function broken(what: string, at: number): PalisadeError {
  return new PalisadeError('sensor-record', `broken sensor record: ${what}`, { status: 500, detail: { at } });
}

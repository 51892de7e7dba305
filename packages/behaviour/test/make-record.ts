import { firstSyscall, recordSize, syscalls } from '../src/decode.gen.ts';
import type { SensorRecord } from '../src/decode.ts';
import { decodeRecord, emptyRecord } from '../src/decode.ts';

type Head = { readonly pid: number; readonly ppid?: number; readonly start?: number; readonly vpid?: number; readonly cgroup?: number; readonly container?: string; readonly comm?: string; readonly result?: number; readonly args?: readonly number[]; readonly flags?: number; readonly uid?: number };

/** A decoded record of the given kind or syscall, as the sensor writes it. */
export function makeRecord(kind: number | string, time: number, head: Head, fields: readonly (readonly [tag: number, value: string | Buffer])[] = []): SensorRecord {
  const parts = fields.map(([tag, value]) => ({ tag, bytes: Buffer.from(value) }));
  const size = recordSize + parts.reduce((sum, { bytes }) => sum + 4 + bytes.length, 0);
  const out = Buffer.alloc(size);
  out.writeUInt32LE(size, 0);
  out.writeUInt16LE(typeof kind === 'number' ? kind : firstSyscall + syscalls.findIndex((call) => call.name === kind), 4);
  out.writeUInt16LE(head.flags ?? 0, 6);
  out.writeBigUInt64LE(BigInt(time), 8);
  out.writeBigUInt64LE(BigInt(head.start ?? head.pid * 1000), 16);
  out.writeBigUInt64LE(BigInt(head.cgroup ?? 1), 24);
  out.writeBigInt64LE(BigInt(head.result ?? 0), 32);
  [head.pid, head.pid, head.ppid ?? 1, head.vpid ?? head.pid, head.vpid ?? head.pid, head.pid, head.pid, head.uid ?? 0, head.uid ?? 0, 0, 0, 0xffffffff, 0, 0].forEach((value, index) => out.writeUInt32LE(value, 48 + 4 * index));
  (head.args ?? []).forEach((value, index) => out.writeBigInt64LE(BigInt(value), 104 + 8 * index));
  out.write(head.container ?? '', 152, 16, 'latin1');
  out.write(head.comm ?? '', 168, 15, 'latin1');
  let at = recordSize;
  for (const { tag, bytes } of parts) {
    out.writeUInt16LE(tag, at);
    out.writeUInt16LE(bytes.length, at + 2);
    bytes.copy(out, at + 4);
    at += 4 + bytes.length;
  }
  const record = emptyRecord();
  decodeRecord(out, 0, record);
  return record;
}

import { writeFileSync } from 'node:fs';

const page = 4096;

/**
 * Writes a bolt database without a bucket (the file format of go.etcd.io/bbolt, version 2): Trivy starts with it and
 * finds no advisory, for its own database comes from a registry.
 */
export function writeEmptyBolt(file: string): void {
  const bytes = Buffer.alloc(4 * page);
  for (const id of [0, 1]) {
    const at = id * page;
    header(bytes, id, 0x04);
    const meta = bytes.subarray(at + 16);
    meta.writeUInt32LE(0xed0cdaed, 0);
    meta.writeUInt32LE(2, 4);
    meta.writeUInt32LE(page, 8);
    meta.writeBigUInt64LE(3n, 16); // root bucket's page
    meta.writeBigUInt64LE(2n, 32); // page of the free list
    meta.writeBigUInt64LE(4n, 40); // first page never used
    meta.writeBigUInt64LE(BigInt(id), 48);
    meta.writeBigUInt64LE(fnv1a(meta.subarray(0, 56)), 56);
  }
  header(bytes, 2, 0x10);
  header(bytes, 3, 0x02);
  writeFileSync(file, bytes);
}

function header(bytes: Buffer, id: number, flags: number): void {
  bytes.writeBigUInt64LE(BigInt(id), id * page);
  bytes.writeUInt16LE(flags, id * page + 8);
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash;
}

const modules = 'path\texample.org/app\nmod\texample.org/app\tv1.0.0\t\ndep\tgolang.org/x/net\tv0.17.0\th1:a=\ndep\texample.org/old\tv0.1.0\n=>\texample.org/new\tv0.2.0\th1:b=\nbuild\tCGO_ENABLED=0\n';
const framed = Buffer.concat([Buffer.alloc(16, 0x30), Buffer.from(modules), Buffer.alloc(16, 0x31)]);
const version = Buffer.from('go1.22.1');

/** A minimal ELF program with a .go.buildinfo section: strings inline, or through pointers as before Go 1.18. */
export function goProgram(form: 'inline' | 'pointers'): Buffer {
  const base = 0x400000n;
  const blobAt = 0x100;
  const blob = Buffer.alloc(32);
  Buffer.from('\u00ff Go buildinf:', 'latin1').copy(blob);
  const parts: Buffer[] = [blob];
  if (form === 'inline') {
    blob[14] = 8;
    blob[15] = 2;
    parts.push(Buffer.from([version.length]), version, Buffer.from([(framed.length & 0x7f) | 0x80, framed.length >> 7]), framed);
  } else {
    blob[14] = 8;
    const headers = Buffer.alloc(32);
    const text = blobAt + 64;
    blob.writeBigUInt64LE(base + BigInt(blobAt + 32), 16);
    blob.writeBigUInt64LE(base + BigInt(blobAt + 48), 24);
    headers.writeBigUInt64LE(base + BigInt(text), 0);
    headers.writeBigUInt64LE(BigInt(version.length), 8);
    headers.writeBigUInt64LE(base + BigInt(text + version.length), 16);
    headers.writeBigUInt64LE(BigInt(framed.length), 24);
    parts.push(headers, version, framed);
  }
  const body = Buffer.concat(parts);
  const names = Buffer.from('\0.go.buildinfo\0.shstrtab\0');
  const namesAt = blobAt + body.length;
  const sectionsAt = namesAt + names.length;
  const head = Buffer.alloc(blobAt);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(head);
  head.writeBigUInt64LE(64n, 32);
  head.writeBigUInt64LE(BigInt(sectionsAt), 40);
  for (const [at, value] of [[54, 56], [56, 1], [58, 64], [60, 3], [62, 2]] as const) head.writeUInt16LE(value, at);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(6, 68);
  head.writeBigUInt64LE(base, 80);
  head.writeBigUInt64LE(BigInt(sectionsAt), 96);
  const sections = Buffer.alloc(192);
  const section = (index: number, name: number, offset: number, size: number): void => {
    sections.writeUInt32LE(name, index * 64);
    sections.writeBigUInt64LE(BigInt(offset), index * 64 + 24);
    sections.writeBigUInt64LE(BigInt(size), index * 64 + 32);
  };
  section(1, 1, blobAt, body.length);
  section(2, 15, namesAt, names.length);
  return Buffer.concat([head, body, names, sections]);
}

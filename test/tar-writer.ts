import { createHash } from 'node:crypto';

export type Member = { name: string; body?: string | Buffer; type?: string; target?: string; mode?: number; size?: number };

/** A ustar archive, written by hand so that tests can also write what no honest program writes. */
export function tar(members: readonly Member[], end = true): Buffer {
  const parts: Buffer[] = [];
  for (const member of members) {
    const body = Buffer.from(member.body ?? '');
    parts.push(header(member, body.length), body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  if (end) parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}

function header(member: Member, length: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(member.name.slice(0, 100), 0, 'utf8');
  const octal = (value: number, offset: number, width: number): void => void block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
  octal(member.mode ?? 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(member.size ?? length, 124, 12);
  octal(1_700_000_000, 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(member.type ?? '0', 156, 'latin1');
  block.write(member.target ?? '', 157, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

export const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** `docker save` of one image with the given uncompressed layers; `stored` may give other bytes for the file itself. */
export function dockerArchive(layers: readonly { plain: Buffer; stored?: Buffer; diffId?: string; instruction?: string }[]): Buffer {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      config: { User: '', Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId ?? sha256(layer.plain)) },
      history: layers.map((layer, index) => ({ created_by: layer.instruction ?? `/bin/sh -c step ${index}` })),
    }),
  );
  const name = `${sha256(config).slice(7)}.json`;
  return tar([
    { name, body: config },
    ...layers.map((layer, index) => ({ name: `${index}/layer.tar`, body: layer.stored ?? layer.plain })),
    { name: 'manifest.json', body: JSON.stringify([{ Config: name, RepoTags: ['demo:1'], Layers: layers.map((_, index) => `${index}/layer.tar`) }]) },
  ]);
}

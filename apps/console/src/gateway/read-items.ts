import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { Item, batchLimits } from '@palisade/model/wire';
import { messageOf } from '@palisade/model/error';
import { refuse } from '../errors.ts';
import { parseStorable } from '../ingest/storable.ts';

const Said = z.object({ id: z.string().min(1).max(200).optional().catch(undefined), kind: z.string().min(1).max(64).optional().catch(undefined) });

type Limits = { readonly [Name in keyof typeof batchLimits]: number };

/** Items, and the lines that are none: another release may write what this one cannot read, which must not hold up the rest. */
export type Lines = { readonly items: Item[]; readonly unreadable: Unreadable[] };
export type Unreadable = { readonly id: string; readonly kind: string; readonly reason: string; readonly body: unknown };

/** Reads a gzip NDJSON body into items. Every limit of `batchLimits` holds while reading: a bomb ends early, as "too large". */
export async function readItems(body: Readable, limits: Limits = batchLimits): Promise<Lines> {
  const items: Item[] = [];
  const unreadable: Unreadable[] = [];
  let compressed = 0;
  let bytes = 0;
  let line = 0;
  let rest: Buffer[] = [];
  let restLength = 0;
  const take = (text: string): void => {
    line += 1;
    if (text.trim() === '') return;
    if (items.length + unreadable.length >= limits.items) throw refuse('too-large', `more than ${limits.items} items in one batch`);
    let value: unknown;
    try {
      value = parseStorable(text);
    } catch (error) {
      unreadable.push(asUnreadable(text, text.toWellFormed().replaceAll('\0', '\uFFFD'), `line ${line}: ${messageOf(error)}`));
      return;
    }
    const item = Item.safeParse(value);
    if (item.success) items.push(item.data);
    else unreadable.push(asUnreadable(text, value, `line ${line}: ${item.error.issues[0]?.path.join('.') ?? ''}: ${item.error.issues[0]?.message ?? 'no item'}`));
  };
  const gunzip = createGunzip();
  body.on('data', (chunk: Buffer) => {
    compressed += chunk.length;
    if (compressed > limits.compressedBytes) gunzip.destroy(refuse('too-large', `more than ${limits.compressedBytes} compressed bytes`));
  });
  body.on('error', (error) => gunzip.destroy(error));
  // A sender killed in mid-body must end the reading, not leave it waiting.
  body.on('close', () => {
    if (!body.readableEnded) gunzip.destroy(refuse('bad-request', 'the body was cut off'));
  });
  body.pipe(gunzip);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.bytes) throw refuse('too-large', `more than ${limits.bytes} bytes unpacked`);
      let from = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
        take(Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8'));
        rest = [];
        restLength = 0;
        from = end + 1;
      }
      rest.push(chunk.subarray(from));
      restLength += chunk.length - from;
      if (restLength > limits.lineBytes) throw refuse('too-large', `a line of more than ${limits.lineBytes} bytes`);
    }
  } catch (error) {
    body.unpipe(gunzip);
    if ((error as { code?: string }).code?.startsWith('Z_') === true) throw refuse('bad-request', `not gzip: ${messageOf(error)}`);
    throw error;
  }
  take(Buffer.concat(rest).toString('utf8'));
  return { items, unreadable };
}

/** What the line says of itself is kept where it can be; else it goes by its content, so that it is set aside once. */
function asUnreadable(line: string, value: unknown, reason: string): Unreadable {
  const said = Said.safeParse(value);
  const { id, kind } = said.success ? said.data : {};
  return { id: id ?? `line-${createHash('sha256').update(line).digest('hex').slice(0, 40)}`, kind: kind ?? 'unreadable', reason, body: value };
}

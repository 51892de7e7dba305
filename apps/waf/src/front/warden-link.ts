import { writeSync } from 'node:fs';
import { longestSiteName, noteAt, noteSize, notes } from '@palisade/behaviour/decode.gen';

/** The descriptor that a worker's notes to its warden go to (sensor/workers.c). */
const noteDescriptor = 4;

/** A socket of another network namespace as Node's channel hands it on: a listening one, or one not yet connected. */
export type NativeSocket = { close(): void };

export type WardenLink = {
  note(op: keyof typeof notes, site?: string, family?: 4 | 6, count?: number): void;
};

export type WardenEars = {
  listen(site: string, family: 4 | 6, socket: NativeSocket): void;
  socket(site: string, family: 4 | 6, socket: NativeSocket): void;
  close(site: string): void;
  /** The warden ended: nothing new comes, and nothing is refreshed any more. */
  gone(): void;
};

type Message = { readonly listen?: string; readonly socket?: string; readonly close?: string; readonly family?: number };

/** Speaks with the warden that started this process. Throws when there is none. */
export function linkWarden(ears: WardenEars): WardenLink {
  if (process.send === undefined) throw new Error('a firewall worker is started by its warden');
  process.on('message', (message: Message, given: unknown) => {
    const socket = given as NativeSocket | undefined;
    const family = message.family === 6 ? 6 : 4;
    if (message.close !== undefined) ears.close(message.close);
    else if (socket === undefined) return;
    else if (message.listen !== undefined) ears.listen(message.listen, family, socket);
    else if (message.socket !== undefined) ears.socket(message.socket, family, socket);
    else socket.close();
  });
  process.on('disconnect', () => ears.gone());
  const bytes = Buffer.alloc(noteSize);
  return {
    note(op, site = '', family = 4, count = 0) {
      if (site.length > longestSiteName) throw new Error(`${site} is too long for a site's name`);
      bytes.fill(0);
      bytes.writeUInt32LE(notes[op], noteAt.op);
      bytes.writeUInt32LE(family, noteAt.family);
      bytes.writeUInt32LE(count, noteAt.count);
      bytes.write(site, noteAt.site, 'latin1');
      try {
        writeSync(noteDescriptor, bytes);
      } catch {
        // The warden ended; `gone` is told by the channel.
      }
    },
  };
}

import { rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { giveSocket } from '@palisade/app-agent/waf/folder';

/** A longer line is no event: the worker that sent it is cut off. */
const maxLine = 1 << 20;

/** Takes workers' events, one a line, on a socket of their user. */
export async function takeEvents(socketPath: string, user: number, line: (text: string) => void): Promise<{ close(): void }> {
  const server = createServer((socket) => {
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) if (one !== '') line(one);
      if (rest.length > maxLine) socket.destroy();
    });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  giveSocket(socketPath, user);
  return {
    close() {
      server.close();
      rmSync(socketPath, { force: true });
    },
  };
}

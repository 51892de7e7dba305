import { chmodSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A longer line is no event: the worker that sent it is cut off. */
const maxLine = 1 << 20;

/** Takes workers' events, one a line, on a socket that only they (and root) can reach through its folder. */
export async function takeEvents(socketPath: string, line: (text: string) => void): Promise<{ close(): void }> {
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
  chmodSync(socketPath, 0o666);
  return {
    close() {
      server.close();
      rmSync(socketPath, { force: true });
    },
  };
}

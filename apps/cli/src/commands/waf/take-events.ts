import { rmSync } from 'node:fs';
import { once } from 'node:events';
import { eventLines } from '@palisade/app-agent/waf/event-lines';
import { giveSocket } from '@palisade/app-agent/waf/folder';

/** Takes workers' events, one a line, on a socket of their user; `refused` hears why a worker was cut off. */
export async function takeEvents(socketPath: string, user: number, line: (text: string) => void, refused: (reason: string) => void): Promise<{ close(): void }> {
  const server = eventLines(line, refused);
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

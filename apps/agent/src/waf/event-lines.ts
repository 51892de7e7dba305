import { createServer } from 'node:net';
import type { Server } from 'node:net';

/** A line longer than this (characters) is no event; the connection that sent it is cut. */
const maxLine = 512 << 10;

/** A server, not listening yet, that reads what firewall workers send by lines; `refused` hears of lines that are too long. */
export function eventLines(take: (line: string) => void, refused: (reason: string) => void): Server {
  return createServer((socket) => {
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') take(line);
      if (rest.length > maxLine) {
        refused(`a line of more than ${maxLine} characters`);
        socket.destroy();
      }
    });
  });
}

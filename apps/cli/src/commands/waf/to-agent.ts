import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import { wafSocketName } from '@palisade/app-agent/waf/listen';
import { homeFolder } from '../../home.ts';
import type { Io } from '../../command.ts';

/** Lines kept while the agent is away; the oldest go first, counted. */
const most = 10_000;

export type EventSink = { send(line: string): void; lost(): number; close(): void };

/** Sends events to the agent of this machine, where one listens under PALISADE_HOME, so that the console shows them. */
export function toAgent(io: Io): EventSink {
  return toSocket(path.join(homeFolder(io.env), 'agent', wafSocketName));
}

/** Writes lines to a socket, waiting for whoever listens there. Never blocks; `lost` counts what was dropped. */
export function toSocket(socketPath: string): EventSink {
  const waiting: string[] = [];
  let socket: Socket | undefined;
  let lost = 0;
  const flush = (): void => {
    if (socket === undefined || waiting.length === 0) return;
    socket.write(waiting.splice(0).join(''));
  };
  const look = (): void => {
    if (socket !== undefined || !existsSync(socketPath)) return;
    const made = connect(socketPath);
    made.on('connect', () => {
      socket = made;
      flush();
    });
    made.on('error', () => made.destroy());
    made.on('close', () => {
      if (socket === made) socket = undefined;
    });
    made.unref();
  };
  const timer = setInterval(look, 1000).unref();
  look();
  return {
    send(line) {
      if (waiting.length >= most) {
        waiting.shift();
        lost += 1;
      }
      waiting.push(`${line}\n`);
      flush();
    },
    lost: () => lost,
    close() {
      clearInterval(timer);
      socket?.end();
    },
  };
}

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';

/** Who uses an upstream connection now. */
export type UpstreamUser = { data(chunk: Buffer): void; drain(): void; /** The connection ended or broke. */ gone(error: Error | undefined): void };

/** One connection to the application. */
export type Upstream = { readonly socket: Socket; /** It has served a request before: the application may just have closed it. */ readonly reused: boolean; use(user: UpstreamUser): void; release(reusable: boolean): void };

export type UpstreamPool = { acquire(found: (error: Error | undefined, upstream: Upstream | undefined) => void): void; close(): void };

export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** Kept-alive connections to one application; the one used last is used first. `open` is injected for transparent sockets. */
export function upstreamPool(address: Address, open: (address: Address) => Socket = (to) => ('path' in to ? connect(to.path) : connect({ host: to.host, port: to.port, noDelay: true }))): UpstreamPool {
  const idle: { readonly socket: Socket; user: UpstreamUser | undefined; served: number }[] = [];
  type Entry = (typeof idle)[number];
  let closed = false;

  const forget = (entry: Entry): void => {
    const at = idle.indexOf(entry);
    if (at >= 0) idle.splice(at, 1);
  };
  const handle = (entry: Entry): Upstream => ({
    socket: entry.socket,
    reused: entry.served > 0,
    use: (user) => void (entry.user = user),
    release(reusable) {
      entry.user = undefined;
      entry.served += 1;
      if (!reusable || closed || entry.socket.destroyed || entry.socket.readableEnded || idle.length >= 1024) entry.socket.destroy();
      else {
        entry.socket.resume();
        entry.socket.setTimeout(limits.upstreamIdleSeconds * 1000);
        idle.push(entry);
      }
    },
  });
  return {
    acquire(found) {
      for (let entry = idle.pop(); entry !== undefined; entry = idle.pop()) {
        if (entry.socket.destroyed || entry.socket.readableEnded || !entry.socket.writable) continue;
        entry.socket.setTimeout(0);
        found(undefined, handle(entry));
        return;
      }
      const socket = open(address);
      const entry: Entry = { socket, user: undefined, served: 0 };
      let waiting = true;
      socket.setTimeout(limits.connectSeconds * 1000);
      socket.on('connect', () => {
        waiting = false;
        socket.setTimeout(0);
        found(undefined, handle(entry));
      });
      socket.on('timeout', () => socket.destroy(waiting ? new Error(`no connection within ${limits.connectSeconds} s`) : undefined));
      socket.on('data', (chunk) => {
        // Bytes nobody asked for would be read as the answer to the next request.
        if (entry.user === undefined) socket.destroy();
        else entry.user.data(chunk);
      });
      socket.on('drain', () => entry.user?.drain());
      let broken: Error | undefined;
      socket.on('error', (error) => void (broken = error));
      socket.on('close', () => {
        forget(entry);
        if (waiting) {
          waiting = false;
          found(broken ?? new Error('the connection was closed'), undefined);
        } else entry.user?.gone(broken);
      });
    },
    close() {
      closed = true;
      for (const entry of idle.splice(0)) entry.socket.destroy();
    },
  };
}

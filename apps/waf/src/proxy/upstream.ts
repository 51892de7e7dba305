import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';
import type { ConnectedPeer } from './forward-head.ts';

/** Who uses an upstream connection now. */
export type UpstreamUser = { data(chunk: Buffer): void; drain(): void; /** The connection ended or broke. */ gone(error: Error | undefined): void };

/** One connection to the application. */
export type Upstream = { readonly socket: Socket; /** It has served a request before: the application may just have closed it. */ readonly reused: boolean; use(user: UpstreamUser): void; release(reusable: boolean): void };

export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Connects to the application for a client. `opened` gets the connecting socket, which tells by its events how it went,
 * or why there is none.
 */
export type Open = (peer: ConnectedPeer, halfOpen: boolean, opened: (socket: Socket | Error) => void) => void;

export type UpstreamPool = {
  acquire(peer: ConnectedPeer, found: (error: Error | undefined, upstream: Upstream | undefined) => void): void;
  /** A connection of its own, for what isn't HTTP. */
  readonly open: Open;
  close(): void;
};

/** Connections from this process's own address. */
export function ownAddress(address: Address): Open {
  return (_, halfOpen, opened) => opened('path' in address ? connect({ path: address.path, allowHalfOpen: halfOpen }) : connect({ host: address.host, port: address.port, noDelay: true, allowHalfOpen: halfOpen }));
}

type Entry = { readonly socket: Socket; user: UpstreamUser | undefined; served: number };

/** Kept connections of all clients together. */
const mostIdle = 1024;

/** Kept-alive connections to one application; the one used last is used first. `keyOf`: clients with the same may share them. */
export function upstreamPool(open: Open, keyOf: (peer: ConnectedPeer) => string = () => ''): UpstreamPool {
  const idle = new Map<string, Entry[]>();
  let kept = 0;
  let closed = false;

  const forget = (key: string, entry: Entry): void => {
    const entries = idle.get(key);
    const at = entries?.indexOf(entry) ?? -1;
    if (entries === undefined || at < 0) return;
    entries.splice(at, 1);
    kept -= 1;
    if (entries.length === 0) idle.delete(key);
  };
  const last = (key: string): Entry | undefined => {
    const entry = idle.get(key)?.at(-1);
    if (entry !== undefined) forget(key, entry);
    return entry;
  };
  const handle = (key: string, entry: Entry): Upstream => ({
    socket: entry.socket,
    reused: entry.served > 0,
    use: (user) => void (entry.user = user),
    release(reusable) {
      entry.user = undefined;
      entry.served += 1;
      if (!reusable || closed || entry.socket.destroyed || entry.socket.readableEnded || kept >= mostIdle) entry.socket.destroy();
      else {
        entry.socket.resume();
        entry.socket.setTimeout(limits.upstreamIdleSeconds * 1000);
        const entries = idle.get(key);
        if (entries === undefined) idle.set(key, [entry]);
        else entries.push(entry);
        kept += 1;
      }
    },
  });
  const follow = (key: string, socket: Socket, found: (error: Error | undefined, upstream: Upstream | undefined) => void): void => {
    const entry: Entry = { socket, user: undefined, served: 0 };
    let waiting = true;
    socket.setTimeout(limits.connectSeconds * 1000);
    socket.on('connect', () => {
      waiting = false;
      socket.setTimeout(0);
      found(undefined, handle(key, entry));
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
      forget(key, entry);
      if (waiting) {
        waiting = false;
        found(broken ?? new Error('the connection was closed'), undefined);
      } else entry.user?.gone(broken);
    });
  };
  return {
    acquire(peer, found) {
      const key = keyOf(peer);
      for (let entry = last(key); entry !== undefined; entry = last(key)) {
        if (entry.socket.destroyed || entry.socket.readableEnded || !entry.socket.writable) continue;
        entry.socket.setTimeout(0);
        found(undefined, handle(key, entry));
        return;
      }
      open(peer, false, (socket) => {
        if (socket instanceof Error) found(socket, undefined);
        else follow(key, socket, found);
      });
    },
    open,
    close() {
      closed = true;
      const entries = [...idle.values()].flat();
      idle.clear();
      kept = 0;
      for (const entry of entries) entry.socket.destroy();
    },
  };
}

import { Socket } from 'node:net';
import { limits } from '../limits.ts';
import type { ConnectedPeer } from '../proxy/forward-head.ts';
import type { Open } from '../proxy/upstream.ts';
import type { NativeSocket } from './warden-link.ts';

type Taker = { readonly give: (socket: NativeSocket | undefined) => void; readonly until: number };
type Stock = { readonly sockets: NativeSocket[]; readonly takers: Taker[]; ordered: number; orderedAt: number; wanted: number };

const firstStock = 8;
const mostStock = 256;
/** An order that was not answered by then is made again, in ms. */
const patience = 1000;

export type ClientSockets = {
  readonly open: Open;
  /** A socket that the warden opened. */
  add(family: 4 | 6, socket: NativeSocket): void;
  /** To be called now and then: orders that got lost, connections that waited too long. */
  look(): void;
  close(): void;
};

/** Which clients may share kept connections: those that the application can't tell apart. */
export const clientKey = (peer: ConnectedPeer): string => `${peer.address} ${peer.serverAddress}`;

/**
 * Connections to the application in its own network namespace, from the client's address where `keepsAddress`. Only the
 * warden can open such sockets; a small stock of them is held, which grows when it runs out.
 */
export function clientSockets(port: number, keepsAddress: boolean, order: (family: 4 | 6, count: number) => void): ClientSockets {
  const stocks: Record<4 | 6, Stock> = { 4: emptyStock(), 6: emptyStock() };
  let closed = false;

  function fill(family: 4 | 6): void {
    const stock = stocks[family];
    if (closed || stock.sockets.length + stock.ordered - stock.takers.length > stock.wanted / 2) return;
    const count = Math.min(mostStock, stock.wanted + stock.takers.length - stock.sockets.length - stock.ordered);
    if (count <= 0) return;
    stock.ordered += count;
    stock.orderedAt = Date.now();
    order(family, count);
  }
  function take(family: 4 | 6, give: Taker['give']): void {
    const stock = stocks[family];
    const socket = stock.sockets.pop();
    if (socket === undefined) {
      stock.wanted = Math.min(mostStock, stock.wanted * 2);
      stock.takers.push({ give, until: Date.now() + limits.connectSeconds * 1000 });
    }
    fill(family);
    if (socket !== undefined) give(socket);
  }
  return {
    open(peer, halfOpen, opened) {
      // The scope of a link-local address is not to be had here: such neighbours come from the container's own.
      const local = peer.address.toLowerCase().startsWith('fe80:');
      take(peer.serverAddress.includes(':') ? 6 : 4, (handle) => {
        if (handle === undefined) return opened(new Error('no socket in the container\'s network'));
        // Not reading before it is connected (manualStart), which Node's own types don't name.
        const socket = Reflect.construct(Socket, [{ handle, allowHalfOpen: halfOpen, manualStart: true }]) as Socket;
        opened(socket.connect({ host: local ? '::1' : peer.serverAddress, port, ...(keepsAddress && !local ? { localAddress: peer.address } : {}) }));
      });
    },
    add(family, socket) {
      const stock = stocks[family];
      stock.ordered = Math.max(0, stock.ordered - 1);
      if (closed) return socket.close();
      const taker = stock.takers.shift();
      if (taker === undefined) stock.sockets.push(socket);
      else taker.give(socket);
    },
    look() {
      const now = Date.now();
      for (const family of [4, 6] as const) {
        const stock = stocks[family];
        while (stock.takers.length > 0 && stock.takers[0]!.until < now) stock.takers.shift()!.give(undefined);
        if (stock.ordered > 0 && now - stock.orderedAt > patience) stock.ordered = 0;
        if (stock.takers.length > 0) fill(family);
      }
    },
    close() {
      closed = true;
      for (const stock of Object.values(stocks)) {
        for (const socket of stock.sockets.splice(0)) socket.close();
        for (const taker of stock.takers.splice(0)) taker.give(undefined);
      }
    },
  };
}

function emptyStock(): Stock {
  return { sockets: [], takers: [], ordered: 0, orderedAt: 0, wanted: firstStock };
}

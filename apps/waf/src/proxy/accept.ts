import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { TLSSocket } from 'node:tls';
import { limits } from '../limits.ts';
import type { Site } from '../inspection/site.ts';
import { freshId } from '../inspection/inspection.ts';
import { readProxyHead } from './proxy-protocol.ts';
import { serveHttp1 } from './connection.ts';
import type { Connection, Connections } from './connection.ts';
import type { ConnectedPeer } from './forward-head.ts';

export type Acceptor = { readonly server: Server; /** No new connections; those open end after their present request, at the latest after `seconds`. */ close(seconds: number): Promise<void> };

/** Accepts clients of one site: the first bytes tell what they speak. */
export function accept(site: Site): Acceptor {
  const open = new Set<Connection>();
  const connections: Connections = {
    add: (connection) => void open.add(connection),
    remove: (connection) => void open.delete(connection),
  };
  // One look a second at all deadlines costs less than a timer a request.
  const ticker = setInterval(() => {
    const now = Date.now();
    for (const connection of open) if (connection.deadline < now) connection.expired();
  }, 1000).unref();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    site.stats.connections += 1;
    const timer = setTimeout(() => socket.destroy(), limits.headSeconds * 1000);
    socket.on('error', () => socket.destroy());
    const began = (client: Socket, peer: ConnectedPeer, first: Buffer): void => {
      clearTimeout(timer);
      begin(client, peer, site, connections, first);
    };
    socket.once('data', (chunk: Buffer) => {
      if (site.proxyProtocol) readSource(socket, peerOf(socket, site), chunk, (peer, rest) => secured(socket, peer, rest, site, began));
      else secured(socket, peerOf(socket, site), chunk, site, began);
    });
    socket.once('close', () => clearTimeout(timer));
    socket.once('end', () => clearTimeout(timer));
  });
  return {
    server,
    async close(seconds) {
      clearInterval(ticker);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of open) connection.drain();
      const late = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, seconds * 1000);
      await closed;
      clearTimeout(late);
      site.upstream.close();
    },
  };
}

const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function peerOf(socket: Socket, site: Site): ConnectedPeer {
  return { address: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0, secure: false, serverAddress: plainAddress(socket.localAddress ?? ''), serverPort: site.port ?? socket.localPort ?? 0 };
}

/** Reads the PROXY protocol's head, which may come in pieces; a connection without one is cut: its source would be a lie. */
function readSource(socket: Socket, peer: ConnectedPeer, first: Buffer, found: (peer: ConnectedPeer, rest: Buffer) => void): void {
  const source = readProxyHead(first);
  if (source === 'refuse') socket.destroy();
  else if (source === 'more') socket.once('data', (chunk: Buffer) => readSource(socket, peer, Buffer.concat([first, chunk]), found));
  else {
    const from = source.source === undefined ? peer : { ...peer, ...source.source };
    const rest = first.subarray(source.length);
    if (rest.length > 0) found(from, rest);
    else socket.once('data', (chunk: Buffer) => found(from, chunk));
  }
}

/** Ends TLS here where the site has a certificate; what is inside then tells its own protocol. */
function secured(socket: Socket, peer: ConnectedPeer, first: Buffer, site: Site, found: (client: Socket, peer: ConnectedPeer, first: Buffer) => void): void {
  if (site.tls === undefined || protocolOf(first) !== 'tls') {
    found(socket, peer, first);
    return;
  }
  // Paused while the bytes go back: flowing, they would be lost before the TLS layer listens.
  socket.pause();
  socket.unshift(first);
  const inner = new TLSSocket(socket, { isServer: true, secureContext: site.tls, ALPNProtocols: ['http/1.1'] });
  inner.on('error', () => socket.destroy());
  inner.once('data', (chunk: Buffer) => found(inner, { ...peer, secure: true }, chunk));
}

function begin(socket: Socket, peer: ConnectedPeer, site: Site, connections: Connections, first: Buffer): void {
  const protocol = protocolOf(first);
  if (protocol === 'http1') serveHttp1(socket, peer, site, connections, first);
  else relay(socket, site, peer, protocol, first);
}

/** What the first bytes say. */
export function protocolOf(first: Buffer): 'http1' | 'http2' | 'tls' | 'tcp' {
  if (first[0] === 0x16 && (first.length < 2 || first[1] === 3)) return 'tls';
  if (first.length >= 4 && first.subarray(0, http2Preface.length).equals(http2Preface.subarray(0, first.length))) return 'http2';
  // A method, or line ends before one.
  return /^(?:\r\n)*[A-Za-z!#$%&'*+\-.^_`|~0-9]{1,64}(?: |$)/.test(first.toString('latin1', 0, 128)) ? 'http1' : 'tcp';
}

const uninspected = {
  tls: ['blind-tls', 'TLS that is not terminated here: nothing of it is inspected'],
  http2: ['uninspected-http2', 'HTTP/2 on this site is passed uninspected'],
  tcp: ['uninspected-tcp', 'a protocol that is not HTTP: nothing of it is inspected'],
} as const;

/** Passes bytes both ways, or refuses them; said in an event either way. */
function relay(socket: Socket, site: Site, peer: ConnectedPeer, protocol: keyof typeof uninspected, first: Buffer): void {
  const [kind, reason] = uninspected[protocol];
  const refused = site.uninspected === 'refuse';
  site.event({
    time: new Date().toISOString(), id: freshId(), site: site.name, client: peer.address, method: '', host: '', path: '', mode: refused ? 'block' : 'detect', action: refused ? 'blocked' : 'passed', status: 0,
    scores: { total: 0, bySeverity: {} }, matches: [], gaps: [{ kind, subject: site.name, reason, count: 1 }], took_us: 0,
  });
  if (refused) return void socket.destroy();
  site.upstream.open(peer, true, (upstream) => {
    if (upstream instanceof Error || socket.destroyed) {
      socket.destroy();
      if (!(upstream instanceof Error)) upstream.destroy();
      return;
    }
    upstream.on('error', () => socket.destroy());
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.write(first);
    socket.pipe(upstream);
    upstream.pipe(socket);
  });
}

function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

import type { Socket } from 'node:net';
import { ownAnswer } from '../answer/block-page.ts';
import { chunkedReader } from '../http1/chunked.ts';
import type { ChunkedReader } from '../http1/chunked.ts';
import { HeadError, endOfHead, readRequestHead } from '../http1/head.ts';
import type { RequestHead } from '../http1/head.ts';
import { freshId } from '../inspection/inspection.ts';
import type { Site } from '../inspection/site.ts';
import { limits } from '../limits.ts';
import { startExchange } from './exchange.ts';
import type { Client, Exchange } from './exchange.ts';
import type { ConnectedPeer } from './forward-head.ts';

/** All connections of a worker, for deadlines and for a graceful end. */
export type Connections = { add(connection: Connection): void; remove(connection: Connection): void };
export type Connection = { /** Milliseconds since the epoch. */ deadline: number; expired(): void; /** No further request on this connection. */ drain(): void };

const empty = Buffer.alloc(0);

/** Serves HTTP/1 on a client's connection, one request after the other; `first` was read already to tell the protocol. */
export function serveHttp1(socket: Socket, peer: ConnectedPeer, site: Site, connections: Connections, first: Buffer): void {
  let pending = first;
  let searched = 0;
  let exchange: Exchange | undefined;
  let request: RequestHead | undefined;
  let left = 0;
  let chunks: ChunkedReader | undefined;
  let bodyReceived = 0;
  let bodyStarted = 0;
  // One object: its members change inside the calls that `pump` makes.
  const flow = { paused: false, tunnelled: false };
  let draining = false;
  let pumping = false;

  const self: Connection = { deadline: Date.now() + limits.headSeconds * 1000, expired, drain };
  connections.add(self);
  const after = (seconds: number): void => void (self.deadline = Date.now() + seconds * 1000);

  const client: Client = {
    peer,
    write: (bytes) => (typeof bytes === 'string' ? socket.write(bytes, 'utf8') : socket.write(bytes)),
    pauseReading() {
      flow.paused = true;
      socket.pause();
    },
    resumeReading() {
      if (!flow.paused) return;
      flow.paused = false;
      socket.resume();
      pump();
    },
    finished(keep) {
      exchange = undefined;
      request = undefined;
      if (!keep || draining) return close();
      after(pending.length > 0 ? limits.headSeconds : limits.idleSeconds);
      if (flow.paused) client.resumeReading();
      else pump();
    },
    broken: () => void socket.destroy(),
    tunnel,
    deadline: after,
  };

  function close(): void {
    exchange = undefined;
    socket.end();
    // Reads what is still under way for a moment: a reset would take the answer away from the client.
    pending = empty;
    after(2);
    socket.removeListener('data', onData);
    socket.resume();
  }

  function refuse(error: HeadError): void {
    const { status, code, reason } = error.refusal;
    const id = freshId();
    site.stats.requests += 1;
    site.stats.refused += 1;
    site.event({
      time: new Date().toISOString(), id, site: site.name, client: peer.address, method: request?.method ?? '', host: request?.host ?? '', path: request === undefined ? '' : request.target.split('?')[0]!, mode: 'block', action: 'blocked', status,
      scores: { total: 0, bySeverity: {} }, matches: [], gaps: [{ kind: `http-${code}`, subject: 'REQUEST', reason, count: 1 }], took_us: 0,
    });
    exchange?.abandoned();
    socket.write(ownAnswer('refused', status, id, request?.headers ?? [], false));
    close();
  }

  function onData(chunk: Buffer): void {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    pump();
  }

  // Called again from inside when an answer was ready at once: the outer run goes on with what is left.
  function pump(): void {
    if (pumping) return;
    pumping = true;
    try {
      while (!flow.tunnelled && !flow.paused && pending.length > 0 && !socket.destroyed) {
        if (request === undefined) {
          if (!readHead()) break;
        } else if (exchange === undefined || bodyOver()) break;
        else readBody();
      }
    } catch (error) {
      if (!(error instanceof HeadError)) throw error;
      refuse(error);
    } finally {
      pumping = false;
    }
  }

  const bodyOver = (): boolean => left === 0 && chunks === undefined;

  function readHead(): boolean {
    // Blank lines before a request are allowed to be skipped (RFC 9112 2.2).
    while (pending.length >= 2 && pending[0] === 13 && pending[1] === 10) pending = pending.subarray(2);
    const end = endOfHead(pending, searched);
    if (end < 0) {
      if (pending.length > limits.headBytes) throw new HeadError(431, 'head-bytes', `the head is longer than ${limits.headBytes} bytes`);
      if (searched === 0) after(limits.headSeconds);
      searched = pending.length;
      return false;
    }
    if (end > limits.headBytes) throw new HeadError(431, 'head-bytes', `the head is longer than ${limits.headBytes} bytes`);
    searched = 0;
    const head = readRequestHead(pending.toString('latin1', 0, end));
    pending = pending.subarray(end + 4);
    request = head;
    left = head.framing.kind === 'length' ? head.framing.bytes : 0;
    chunks = head.framing.kind === 'chunked' ? chunkedReader() : undefined;
    bodyReceived = 0;
    bodyStarted = Date.now();
    after(limits.bodySeconds);
    const started = startExchange(site, head, client);
    // It may have been answered meanwhile; `finished` has then made room for the next one.
    if (request === head) exchange = started;
    return true;
  }

  function readBody(): void {
    const buffer = pending;
    const data: Buffer[] = [];
    let used = 0;
    if (chunks === undefined) {
      used = Math.min(left, buffer.length);
      left -= used;
      data.push(buffer.subarray(0, used));
    } else {
      used = chunks.read(buffer, (piece) => void data.push(piece));
      if (chunks.done) chunks = undefined;
    }
    pending = buffer.subarray(used);
    bodyReceived += used;
    self.deadline = bodyStarted + limits.bodySeconds * 1000 + (bodyReceived / limits.bodyBytesPerSecond) * 1000;
    const current = exchange;
    current?.body(used === buffer.length ? buffer : buffer.subarray(0, used), data);
    if (bodyOver() && exchange === current) current?.bodyEnd();
  }

  function expired(): void {
    if (exchange !== undefined) exchange.late();
    else if (pending.length > 0 && request === undefined) refuse(new HeadError(408, 'slow-head', `the head took longer than ${limits.headSeconds} s`));
    else socket.destroy();
    after(2);
  }

  function drain(): void {
    draining = true;
    if (request === undefined && pending.length === 0) close();
  }

  function tunnel(upstream: Socket, rest: Buffer): void {
    flow.tunnelled = true;
    self.deadline = Number.POSITIVE_INFINITY;
    socket.removeListener('data', onData);
    upstream.removeAllListeners('data');
    upstream.setTimeout(0);
    if (rest.length > 0) socket.write(rest);
    if (pending.length > 0) upstream.write(pending);
    pending = empty;
    socket.pipe(upstream);
    upstream.pipe(socket);
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
    socket.resume();
    upstream.resume();
  }

  socket.on('data', onData);
  socket.on('drain', () => exchange?.drained());
  socket.on('end', () => {
    // Half a request never becomes whole; a whole one is still answered.
    if (exchange === undefined || !bodyOver()) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    connections.remove(self);
    exchange?.abandoned();
  });
  if (first.length > 0) pump();
}

import type { Socket } from 'node:net';
import type { Intervention, Named } from '@palisade/waf/engine/transaction';
import { ownAnswer } from '../answer/block-page.ts';
import { chunkedReader } from '../http1/chunked.ts';
import type { ChunkedReader } from '../http1/chunked.ts';
import { HeadError, endOfHead, readResponseHead } from '../http1/head.ts';
import type { RequestHead, ResponseHead } from '../http1/head.ts';
import { decodeContent } from '../inspection/decode.ts';
import { inspect } from '../inspection/inspection.ts';
import type { Site } from '../inspection/site.ts';
import { limits } from '../limits.ts';
import { clientAddress, forwardHead } from './forward-head.ts';
import type { ConnectedPeer } from './forward-head.ts';
import type { Upstream } from './upstream.ts';

/** What an exchange may do with the client's connection. */
export type Client = {
  readonly peer: ConnectedPeer;
  /** False: the client reads slowly; `drained` of the exchange is called when it has caught up. */
  write(bytes: Buffer | string): boolean;
  pauseReading(): void;
  resumeReading(): void;
  /** The answer is whole. `keep`: another request may follow on this connection. */
  finished(keep: boolean): void;
  /** The answer broke off: the connection must not be used any more. */
  broken(): void;
  /** From here on both sides talk without us (WebSocket). */
  tunnel(upstream: Socket, first: Buffer): void;
  deadline(seconds: number): void;
};

export type Exchange = {
  /** A piece of the body: as sent, and without its framing. */
  body(raw: Buffer, data: readonly Buffer[]): void;
  bodyEnd(): void;
  drained(): void;
  /** The client went away. */
  abandoned(): void;
  /** A deadline has passed: the client's while its body comes, else the application's. */
  late(): void;
};

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
const valueOf = (headers: readonly Named[], name: string): string | undefined => headers.find((entry) => entry.name.length === name.length && entry.name.toLowerCase() === name)?.value;

/** One request: inspected, forwarded, answered. Answers the client exactly once. */
export function startExchange(site: Site, head: RequestHead, client: Client): Exchange {
  const { peer } = client;
  const inspection = inspect(site, head, { clientAddress: clientAddress(head, site, peer), clientPort: peer.port, serverAddress: peer.serverAddress, serverPort: peer.serverPort });
  let over = false;
  let answered = false;
  const raw: Buffer[] = [];
  const data: Buffer[] = [];
  let size = 0;
  let bodyWhole = head.framing.kind === 'none';
  let streaming = false;
  let upstream: Upstream | undefined;
  let retried = false;
  let tainted = false;
  // The answer
  let waiting: Buffer | undefined;
  let answer: ResponseHead | undefined;
  let left = 0;
  let chunks: ChunkedReader | undefined;
  let held: Buffer[] | undefined;
  let heldData: Buffer[] = [];
  let heldSize = 0;

  const finish = (status: number, stopped: boolean, keep: boolean): void => {
    if (over) return;
    over = true;
    inspection.finish(status, stopped);
    if (keep) client.finished(true);
    else if (answered) client.finished(false);
    else client.broken();
  };
  const letGo = (reusable: boolean): void => {
    const last = upstream;
    upstream = undefined;
    last?.release(reusable && !tainted);
  };
  function own(kind: 'blocked' | 'refused' | 'away', status: number, extra = ''): void {
    if (over) return;
    letGo(false);
    // An answer that already went out in part can't be taken back: the connection is cut.
    if (answered) {
      over = true;
      inspection.finish(status, kind === 'blocked');
      client.broken();
      return;
    }
    // With the body unread the connection can't carry another request.
    const keep = head.keepAlive && bodyWhole;
    answered = true;
    const text = ownAnswer(kind, status, inspection.id, head.headers, keep, extra);
    client.write(head.method === 'HEAD' ? text.slice(0, text.indexOf('\r\n\r\n') + 4) : text);
    finish(status, kind !== 'away', keep);
  }
  function stop(found: Intervention): void {
    if (found.action === 'drop') {
      letGo(false);
      over = true;
      inspection.finish(found.status, true);
      client.broken();
    } else if (found.action === 'redirect' && /^[\x21-\x7e]+$/.test(found.url ?? '')) own('blocked', found.status >= 300 && found.status < 400 ? found.status : 302, `Location: ${found.url ?? ''}\r\n`);
    else own('blocked', found.status >= 400 ? found.status : 403);
  }

  const found = inspection.requestHead();
  if (found !== undefined) stop(found);
  else if (bodyWhole) void inspectBody(Buffer.alloc(0));
  else if (head.expectsContinue) client.write('HTTP/1.1 100 Continue\r\n\r\n');

  async function inspectBody(bytes: Buffer): Promise<void> {
    const coding = bytes.length === 0 ? undefined : valueOf(head.headers, 'content-encoding');
    let text = bytes.toString('latin1');
    if (coding !== undefined && inspection.mode !== 'off') {
      const decoded = await decodeContent(coding, bytes, inspection.requestBodyLimit);
      if (over) return;
      if ('bytes' in decoded) text = decoded.bytes.toString('latin1');
      else {
        inspection.gap(`body-${decoded.failed}`, 'REQUEST_BODY', decoded.reason);
        if (inspection.mode === 'block') return own('refused', decoded.failed === 'too-large' ? 413 : 415);
      }
    }
    const decision = inspection.requestBody(text);
    if (decision !== undefined) stop(decision);
    else forward();
  }

  function overLimit(): void {
    inspection.gap('limit-body', 'REQUEST_BODY', `the body is longer than the ${inspection.requestBodyLimit} bytes that are inspected; the rest passed uninspected`);
    const decision = inspection.requestBody(Buffer.concat(data).toString('latin1'));
    if (decision !== undefined) return stop(decision);
    if (inspection.rejectsLongBody) return own('refused', 413);
    streaming = true;
    data.length = 0;
    client.pauseReading();
    forward();
  }

  function forward(): void {
    site.upstream.acquire(peer, (error, connection) => {
      if (over) {
        connection?.release(false);
        return;
      }
      if (connection === undefined) return own('away', 502);
      upstream = connection;
      client.deadline(limits.upstreamSeconds);
      connection.use({ data: onAnswer, drain: () => client.resumeReading(), gone: onGone });
      const { socket } = connection;
      const text = forwardHead(head, site, peer);
      if (raw.length === 0) socket.write(text, 'latin1');
      else {
        socket.cork();
        socket.write(text, 'latin1');
        for (const piece of raw) socket.write(piece);
        socket.uncork();
      }
      if (streaming) {
        raw.length = 0;
        client.resumeReading();
      }
    });
  }

  function onGone(error: Error | undefined): void {
    const last = upstream;
    upstream = undefined;
    if (over) return;
    if (answer?.framing.kind === 'close' && error === undefined) return bodyOver();
    // The application closed a kept connection just as we used it: asked once more, where asking twice is harmless.
    if (last?.reused === true && answer === undefined && waiting === undefined && !retried && !streaming && idempotent.has(head.method)) {
      retried = true;
      forward();
      return;
    }
    own('away', 502);
  }

  function onAnswer(chunk: Buffer): void {
    if (over) return;
    try {
      if (answer === undefined) readHead(waiting === undefined ? chunk : Buffer.concat([waiting, chunk]));
      else readBody(chunk);
    } catch (error) {
      if (!(error instanceof HeadError)) throw error;
      inspection.gap('answer-malformed', 'RESPONSE', error.message);
      own('away', 502);
    }
  }

  function readHead(buffer: Buffer): void {
    const end = endOfHead(buffer, 0);
    if (end < 0) {
      if (buffer.length > limits.responseHeadBytes) throw new HeadError(502, 'answer-head', 'the head of the answer is too long');
      waiting = buffer;
      return;
    }
    waiting = undefined;
    const read = readResponseHead(buffer.toString('latin1', 0, end), head.method);
    const rest = buffer.subarray(end + 4);
    if (read.status === 101 && head.upgrade === 'websocket' && upstream !== undefined) {
      const { socket } = upstream;
      if (inspection.responseHead(read) === undefined) {
        over = true;
        inspection.gap('websocket', pathGap(), 'frames of a WebSocket are passed uninspected');
        inspection.finish(101, false);
        client.write(`${read.text}\r\n\r\n`);
        client.tunnel(socket, rest);
        return;
      }
    }
    if (read.status < 200) {
      // 100 was answered by us already; others (103) are the client's to read if it can.
      if (read.status !== 100 && read.status !== 101 && head.minor === 1) client.write(Buffer.from(`${read.text}\r\n\r\n`, 'latin1'));
      if (read.status === 101) throw new HeadError(502, 'unasked-upgrade', 'the application switched protocols unasked');
      if (rest.length > 0) readHead(rest);
      return;
    }
    answer = read;
    let decision = inspection.responseHead(read);
    const wants = decision === undefined && read.framing.kind !== 'none' && inspection.wantsResponseBody();
    if (decision === undefined && !wants) decision = inspection.responseBody('');
    if (decision !== undefined) return stop(decision);
    if (read.framing.kind === 'length') left = read.framing.bytes;
    if (read.framing.kind === 'chunked') chunks = chunkedReader(502);
    if (wants) held = [];
    else sendHead(read, rest);
    if (read.framing.kind === 'none') bodyOver();
    else if (rest.length > 0) readBody(rest, !wants);
  }

  const pathGap = (): string => head.target.split('?')[0] ?? '';

  /** The head for the client, which is told when its connection ends with this answer. */
  function answerHead(read: ResponseHead): string {
    const keep = head.keepAlive && read.framing.kind !== 'close';
    return `${keep || /\r\nconnection: *close/i.test(read.text) ? read.text : `${read.text}\r\nConnection: close`}\r\n\r\n`;
  }

  // The head, together with what of the body came with it: one write, one packet.
  function sendHead(read: ResponseHead, rest: Buffer): void {
    answered = true;
    const text = answerHead(read);
    const body = read.framing.kind === 'none' ? 0 : rest.length;
    if (body === 0) client.write(Buffer.from(text, 'latin1'));
    else client.write(Buffer.concat([Buffer.from(text, 'latin1'), read.framing.kind === 'length' ? rest.subarray(0, left) : rest]));
  }

  function readBody(chunk: Buffer, sent = false): void {
    let mine = chunk;
    let whole = false;
    if (answer?.framing.kind === 'length') {
      if (chunk.length > left) mine = chunk.subarray(0, left);
      left -= mine.length;
      whole = left === 0;
      if (held !== undefined) heldData.push(mine);
    } else if (chunks !== undefined) {
      const used = chunks.read(chunk, (piece) => void (held === undefined || heldData.push(piece)));
      if (used < chunk.length) mine = chunk.subarray(0, used);
      whole = chunks.done;
    } else if (held !== undefined) heldData.push(mine);
    // Bytes behind the answer belong to no request of ours: such a connection is not used again.
    if (mine.length < chunk.length) tainted = true;
    if (held !== undefined) {
      held.push(mine);
      heldSize += mine.length;
      if (!whole && heldSize > inspection.responseBodyLimit) return answerTooLong();
    } else if (!sent && mine.length > 0 && !client.write(mine)) upstream?.socket.pause();
    if (whole) bodyOver();
  }

  function answerTooLong(): void {
    inspection.gap('limit-response-body', 'RESPONSE_BODY', `the answer is longer than the ${inspection.responseBodyLimit} bytes that are inspected; the rest passed uninspected`);
    const decision = inspection.responseBody(Buffer.concat(heldData).toString('latin1', 0, inspection.responseBodyLimit));
    if (decision !== undefined) return stop(decision);
    sendHeld();
  }

  function sendHeld(): void {
    const pieces = held ?? [];
    held = undefined;
    heldData = [];
    answered = true;
    const read = answer!;
    const text = answerHead(read);
    if (!client.write(Buffer.concat([Buffer.from(text, 'latin1'), ...pieces]))) upstream?.socket.pause();
  }

  function bodyOver(): void {
    if (held !== undefined) {
      void inspectAnswer();
      return;
    }
    const read = answer!;
    letGo(read.keepAlive && (bodyWhole || !streaming));
    // A client still sending its body after the answer has no further use for this connection.
    finish(read.status, false, head.keepAlive && bodyWhole && read.framing.kind !== 'close');
  }

  async function inspectAnswer(): Promise<void> {
    const bytes = heldData.length === 1 ? heldData[0]! : Buffer.concat(heldData);
    const coding = valueOf(answer!.headers, 'content-encoding');
    let text = bytes.toString('latin1');
    if (coding !== undefined) {
      const decoded = await decodeContent(coding, bytes, inspection.responseBodyLimit);
      if (over) return;
      if ('bytes' in decoded) text = decoded.bytes.toString('latin1');
      else {
        inspection.gap(`response-body-${decoded.failed}`, 'RESPONSE_BODY', decoded.reason);
        text = '';
      }
    }
    const decision = inspection.responseBody(text);
    if (decision !== undefined) return stop(decision);
    sendHeld();
    bodyOver();
  }

  return {
    body(piece, pieces) {
      if (over) return;
      if (streaming) {
        if (upstream === undefined) raw.push(piece);
        else if (!upstream.socket.write(piece)) client.pauseReading();
        return;
      }
      raw.push(piece);
      for (const part of pieces) {
        data.push(part);
        size += part.length;
      }
      if (size > inspection.requestBodyLimit) overLimit();
    },
    bodyEnd() {
      bodyWhole = true;
      if (!over && !streaming) void inspectBody(data.length === 1 ? data[0]! : Buffer.concat(data));
    },
    drained: () => void upstream?.socket.resume(),
    abandoned() {
      if (over) return;
      over = true;
      letGo(false);
      inspection.finish(499, false);
    },
    late() {
      if (!bodyWhole && upstream === undefined) own('refused', 408);
      else own('away', 504);
    },
  };
}

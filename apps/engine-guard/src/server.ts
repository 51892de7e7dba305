import http from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { refusal } from './allow.ts';

export type GuardOptions = {
  /** The engine's own socket: only this process holds it. */
  readonly engineSocket: string;
  /** Where callers come in; readable by the owner and `mode`'s group only. */
  readonly listen: string;
  readonly mode?: number;
  /** Hears of every refused call: method, path (without query) and reason. */
  refused(call: { method: string; path: string; reason: string }): void;
};

/**
 * Starts the guard; the answer is its server, listening. The socket gets its name when it takes connections and has its
 * mode: whoever sees the file can call.
 */
export async function startGuard(options: GuardOptions): Promise<Server> {
  const server = http.createServer((incoming, answer) => pass(incoming, answer, options));
  // No upgrades and no tunnels: `attach` and `exec` hijack connections.
  server.on('upgrade', (_, socket) => socket.destroy());
  server.on('connect', (_, socket) => socket.destroy());
  const unnamed = `${options.listen}.${process.pid}`;
  rmSync(unnamed, { force: true });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(unnamed, resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(unnamed, options.mode ?? 0o600);
  renameSync(unnamed, options.listen);
  return server;
}

function pass(incoming: IncomingMessage, answer: ServerResponse, options: GuardOptions): void {
  const method = incoming.method ?? '';
  const target = incoming.url ?? '';
  const reason = refusal(method, target);
  if (reason !== undefined) {
    options.refused({ method, path: (target.split('?')[0] ?? '').slice(0, 200), reason });
    incoming.resume();
    answer.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message: `refused by engine-guard: ${reason}` }));
    return;
  }
  // A body is never passed on: no listed call has one.
  incoming.resume();
  const upstream = http.request({ socketPath: options.engineSocket, method, path: target, headers: { host: 'engine', ...(method === 'POST' ? { 'content-length': '0' } : {}) } }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    // Events come one by one and far apart: their head must not wait for the first.
    answer.flushHeaders();
    reply.pipe(answer);
    reply.on('error', () => answer.destroy());
  });
  upstream.on('error', (error) => {
    if (answer.headersSent) answer.destroy();
    else answer.writeHead(502, { 'content-type': 'application/json' }).end(JSON.stringify({ message: `the container engine does not answer: ${error.message}` }));
  });
  answer.on('close', () => upstream.destroy());
  upstream.end();
}

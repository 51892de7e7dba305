import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import { readBounded } from '@palisade/model/read-bounded';
import { EngineError } from '../error.ts';

/** Answers of the engine's API are small but for exports; a larger one is not the engine speaking. */
const maxAnswer = 64 << 20;

/** One call over the Unix socket; the answer's body is not read yet. Throws EngineError when nothing answers or the status isn't 2xx. */
export async function request(socketPath: string, method: string, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = http.request({ socketPath, method, path, headers: { host: 'engine' }, ...(signal === undefined ? {} : { signal }) }, resolve);
    call.on('error', (error) => reject(new EngineError(`the container engine at ${socketPath} does not answer: ${error.message}`, 503, error)));
    call.end();
  });
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  const text = (await readAll(answer)).toString('utf8');
  throw new EngineError(messageIn(text) ?? `${method} ${path}: status ${status}`, status);
}

export async function json(socketPath: string, path: string): Promise<unknown> {
  const body = await readAll(await request(socketPath, 'GET', path));
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new EngineError(`GET ${path}: the engine's answer is not JSON`, 502, error);
  }
}

function readAll(answer: IncomingMessage): Promise<Buffer> {
  return readBounded(answer, maxAnswer, (limit) => new EngineError(`the engine's answer has more than ${limit} bytes`, 502));
}

function messageIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') return value.message;
  } catch {
    // Not JSON: the caller's own sentence with the status says enough.
  }
  return undefined;
}

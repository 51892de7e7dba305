import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { PalisadeError } from '@palisade/model/error';
import { readBounded } from '@palisade/model/read-bounded';
import { gatewayServerName } from '@palisade/model/wire';

/** TLS material of a call; without `key` and `certificate` it is anonymous (enrolment), without `ca` unproved (the CA's own download). */
export type Credentials = { readonly ca?: string; readonly key?: string; readonly certificate?: string };

export type Call = {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly credentials: Credentials;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

/** A Unix socket that leads to the console's gateway, for an agent in a container without a network. */
const relay = process.env['PALISADE_GATEWAY_SOCKET'];
/** An answer is small JSON or a certificate; a larger one is not the console speaking. */
const maxAnswer = 4 << 20;
/** Without a byte for this long the connection is dead: the command stream carries a ping each 15 s. */
const silence = 60_000;

/** The console could not be reached, or refused: `status` is its HTTP status, 503 when it doesn't answer. */
export class GatewayError extends PalisadeError {
  constructor(message: string, status: number, cause?: unknown) {
    super('gateway', message, { status, retryable: status >= 500 || status === 429, cause });
  }
}

/** Sends one request; the answer's body is not read yet. Throws GatewayError unless the status is 2xx. */
export async function open(call: Call): Promise<IncomingMessage> {
  const { ca, key, certificate } = call.credentials;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = https.request(
      new URL(call.path, call.url),
      {
        method: call.method,
        ...(relay === undefined ? {} : { socketPath: relay }),
        servername: gatewayServerName,
        agent: false,
        minVersion: 'TLSv1.2',
        // Only the CA's own download goes without proof: its fingerprint is in the join token.
        ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
        ...(key === undefined || certificate === undefined ? {} : { key, cert: certificate }),
        headers: { ...call.headers, ...(call.body === undefined ? {} : { 'content-length': String(call.body.length) }) },
        signal: call.signal,
        timeout: silence,
      },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error(`no answer for ${silence / 1000} s`)));
    request.on('error', (error) => reject(new GatewayError(`console ${call.url}: ${error.message}`, 503, error)));
    request.end(call.body);
  });
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  const text = await readText(answer);
  throw new GatewayError(`console ${call.url}: ${call.path}: ${status} ${text.slice(0, 300)}`, status);
}

/** The whole answer as text. */
export async function readText(answer: IncomingMessage): Promise<string> {
  return (await readBounded(answer, maxAnswer, (limit) => new GatewayError(`the console's answer has more than ${limit} bytes`, 502))).toString('utf8');
}

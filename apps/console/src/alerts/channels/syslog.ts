import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { z } from 'zod';
import { rulePriorities } from '@palisade/model/detection';
import { channelKind } from '../channel.ts';
import type { Message } from '../channel.ts';
import { oneLine } from '../post.ts';
import { headline } from '../words.ts';
import { HostName } from './email.ts';

/** 0 to 23 of RFC 5424 6.2.1; 10 is "security/authorization". */
const Facility = z.number().int().min(0).max(23);

/** Falco's priorities are syslog's severities, in its order. SD-PARAM values are escaped as RFC 5424 6.3.3 asks. */
export function syslogLine({ id, alert, url, ...message }: Message, facility: number, host = hostname()): string {
  const value = (text: string): string => oneLine(text, 400).replace(/["\\\]]/g, '\\$&');
  const named: readonly [string, string | null | undefined][] = [
    ['id', id], ['subject', alert.subject], ['cluster', alert.cluster?.name], ['node', alert.node?.name], ['namespace', alert.namespace], ['project', alert.project], ['container', alert.container], ['image', alert.image],
    ['rules', alert.rules.join(',')], ['tactics', alert.tactics.join(',')], ['count', String(alert.count)], ['summary', alert.summary], ['url', url],
  ];
  const data = named.flatMap(([name, text]) => (text === null || text === undefined || text === '' ? [] : [`${name}="${value(text)}"`]));
  const word = (text: string, most: number): string => text.replace(/[^!-~]/g, '_').slice(0, most) || '-';
  // The byte order mark says that the message is UTF-8 (6.4).
  return `<${facility * 8 + rulePriorities.indexOf(alert.priority)}>1 ${alert.at} ${word(host, 255)} palisade ${process.pid} ${word(alert.source, 32)} [palisade@32473 ${data.join(' ')}] \uFEFF${headline({ id, alert, url, ...message })}`;
}

/** RFC 5424 over UDP (5426), TCP (6587, octet counting) or TLS (5425). UDP has no answer: sent is all that can be said. */
export const syslog = channelKind({
  kind: 'syslog',
  config: z.strictObject({ transport: z.enum(['udp', 'tcp', 'tls']), host: HostName, port: z.number().int().min(1).max(65_535), facility: Facility.default(10), ca: z.string().max(20_000).optional().describe('PEM of the authority of the server, when it is not a public one') }),
  secret: z.strictObject({}),
  destination: ({ transport, host, port }) => `${transport}://${host}:${port}`,
  async send(message, { transport, host, port, facility, ca }, _, { signal }) {
    const line = Buffer.from(syslogLine(message, facility));
    if (transport === 'udp') return datagram(host, port, line);
    return stream(transport === 'tls' ? connectTls({ host, port, servername: host, ...(ca === undefined ? {} : { ca }) }) : connect({ host, port }), transport === 'tls' ? 'secureConnect' : 'connect', Buffer.concat([Buffer.from(`${line.length} `), line]), signal);
  },
});

function datagram(host: string, port: number, line: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', reject);
    socket.send(line, port, host, (error) => {
      socket.close();
      if (error === null) resolve(`${line.length} bytes sent, UDP has no answer`);
      else reject(error);
    });
  });
}

/** Writes and closes; done when the other side has closed too, or a moment after it has taken everything. */
function stream(socket: Socket, ready: string, bytes: Buffer, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const stop = (): void => void socket.destroy(new Error('took too long'));
    signal.addEventListener('abort', stop, { once: true });
    socket.on('error', reject);
    socket.on(ready, () => socket.end(bytes));
    socket.on('close', (failed) => {
      signal.removeEventListener('abort', stop);
      if (!failed) resolve(`${bytes.length} bytes taken`);
    });
    // A server need not close its side: once ours is flushed and half a second has brought no reset, it is taken.
    socket.on('finish', () => setTimeout(() => socket.destroy(), 500));
    socket.resume();
  });
}

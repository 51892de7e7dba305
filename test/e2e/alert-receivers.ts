import { createSocket } from 'node:dgram';
import { createServer as createHttp } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';

// The other side of every channel, on loopback: what came in is kept, and how it answers can be set.

export type Posted = { path: string; headers: IncomingHttpHeaders; body: string };

/** An HTTP receiver; `answer` may be changed between requests. */
export async function httpReceiver(): Promise<{ url: string; got: Posted[]; answer: { status: number; body: string; location?: string }; close(): void }> {
  const got: Posted[] = [];
  const receiver = { got, answer: { status: 200, body: '{"code":0}' } as { status: number; body: string; location?: string }, url: '', close: () => server.close() };
  const server = createHttp((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => void (body += part.toString()));
    request.on('end', () => {
      got.push({ path: request.url ?? '', headers: request.headers, body });
      const { status, body: text, location } = receiver.answer;
      response.writeHead(status, location === undefined ? {} : { location }).end(text);
    });
  });
  receiver.url = `http://127.0.0.1:${await listening(server)}`;
  return receiver;
}

/** A mail server that knows the few words a mail needs, with AUTH PLAIN. */
export async function mailReceiver(): Promise<{ port: number; mails: { auth: string; from: string; to: string[]; text: string }[]; close(): void }> {
  const mails: { auth: string; from: string; to: string[]; text: string }[] = [];
  const server = createTcp((socket) => {
    let rest = '';
    let reading = false;
    let mail = { auth: '', from: '', to: [] as string[], text: '' };
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    socket.on('error', () => undefined);
    say('220 receiver ESMTP');
    socket.on('data', (part: Buffer) => {
      rest += part.toString();
      for (let end = rest.indexOf('\r\n'); end !== -1; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (reading) {
          if (line !== '.') mail.text += `${line}\n`;
          else {
            reading = false;
            mails.push(mail);
            mail = { auth: mail.auth, from: '', to: [], text: '' };
            say('250 queued as 42');
          }
        } else if (/^EHLO/i.test(line)) socket.write('250-receiver\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n');
        else if (/^AUTH PLAIN /i.test(line)) {
          mail.auth = Buffer.from(line.slice(11), 'base64').toString().replaceAll('\0', '|');
          say('235 welcome');
        } else if (/^MAIL FROM:/i.test(line)) {
          mail.from = line.slice(10);
          say('250 ok');
        } else if (/^RCPT TO:/i.test(line)) {
          mail.to.push(line.slice(8));
          say('250 ok');
        } else if (/^DATA/i.test(line)) {
          reading = true;
          say('354 go on');
        } else if (/^QUIT/i.test(line)) {
          say('221 bye');
          socket.end();
        } else say('500 what?');
      }
    });
  });
  return { port: await listening(server), mails, close: () => server.close() };
}

/** A log server of each transport; `lines` holds whole messages as they came (frames with their length). */
export async function logReceivers(tls: { key: string; cert: string }): Promise<{ udp: number; tcp: number; tls: number; lines: { transport: string; text: string }[]; close(): void }> {
  const lines: { transport: string; text: string }[] = [];
  const collect = (transport: string) => (socket: Socket): void => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => void (text += part.toString()));
    socket.on('end', () => {
      lines.push({ transport, text });
      socket.end();
    });
  };
  const tcp = createTcp(collect('tcp'));
  const secure = createTls(tls, collect('tls'));
  const udp = createSocket('udp4', (message) => void lines.push({ transport: 'udp', text: message.toString() }));
  await new Promise<void>((resolve) => void udp.bind(0, '127.0.0.1', () => resolve()));
  const close = (): void => {
    tcp.close();
    secure.close();
    udp.close();
  };
  return { udp: udp.address().port, tcp: await listening(tcp), tls: await listening(secure), lines, close };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

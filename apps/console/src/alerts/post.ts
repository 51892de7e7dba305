import { lookup } from 'node:dns';
import http from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { messageOf } from '@palisade/model/error';
import { readBounded } from '@palisade/model/read-bounded';

/** An address of a receiver: no user name or password in it, they would be shown and logged. */
export const ReceiverUrl = z.string().max(2000).refine((text) => {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' && url.hash === '';
}, 'an http or https address without user name, password or fragment');

// Where clouds hand out credentials to whoever asks from inside: never a receiver of alerts, whatever a name resolves to.
const metadata = new BlockList();
metadata.addSubnet('169.254.0.0', 16);
metadata.addSubnet('fe80::', 10, 'ipv6');
metadata.addAddress('fd00:ec2::254', 'ipv6');
metadata.addAddress('100.100.100.200');

/** True for link-local and cloud metadata addresses. */
export function isMetadataAddress(address: string): boolean {
  return metadata.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const maxAnswer = 64 << 10;

/**
 * Posts JSON and answers what came back. Redirects are not followed: who is told is what an administrator wrote. The
 * address is checked after its name was resolved, and that very address is connected to.
 */
export async function postJson(address: string, body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const url = new URL(address);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isMetadataAddress(host)) throw new Error(`${host} is a link-local address`);
  const options: RequestOptions = { method: 'POST', agent: false, signal, lookup: guardedLookup, headers: { ...headers, 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body), 'user-agent': 'palisade' } };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, options, resolve);
    request.on('error', (error) => reject(new Error(`${url.host}: ${messageOf(error)}`, { cause: error })));
    request.end(body);
  });
  const status = answer.statusCode ?? 0;
  const text = (await readBounded(answer, maxAnswer, (limit) => new Error(`${url.host} answered ${status} with more than ${limit} bytes`))).toString('utf8');
  if (status >= 300 && status < 400) throw new Error(`${url.host} answered ${status}: redirects are not followed`);
  if (status < 200 || status >= 300) throw new Error(`${url.host} answered ${status}${text === '' ? '' : `: ${oneLine(text, 200)}`}`);
  return { status, text };
}

const guardedLookup: RequestOptions['lookup'] = (name, options, done) => {
  lookup(name, { ...options, all: true }, (error, addresses) => {
    const refused = error === null ? addresses.find(({ address }) => isMetadataAddress(address)) : undefined;
    if (error !== null) done(error, []);
    else if (refused !== undefined) done(new Error(`${name} is ${refused.address}, a link-local address`), []);
    else if (options.all === true) done(null, addresses);
    else done(null, addresses[0]?.address ?? '', addresses[0]?.family);
  });
};

/** The text on one line, without control characters, cut to `most` characters. */
export function oneLine(text: string, most: number): string {
  // oxlint-disable-next-line no-control-regex -- they are what is to be taken out
  const flat = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}

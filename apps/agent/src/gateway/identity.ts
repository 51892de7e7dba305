import { X509Certificate, createHash } from 'node:crypto';
import { mkdirSync, openSync, closeSync, fsyncSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { EnrolAnswer, RenewAnswer, decodeJoinToken } from '@palisade/model/wire';
import { GatewayError, open, readText } from './call.ts';
import { signingRequest } from './signing-request.ts';

/** Who this agent is: its console, its key and its certificate. Kept in one file, so that it is never half renewed. */
export const Identity = EnrolAnswer.extend({ url: z.string(), key: z.string() });
export type Identity = z.infer<typeof Identity>;

export type NodeName = { readonly name: string; readonly machineId?: string };

const fileIn = (folder: string): string => path.join(folder, 'identity.json');

/** The stored identity; undefined before the first enrolment. Throws when the file is damaged: it holds the only key. */
export function loadIdentity(folder: string): Identity | undefined {
  let text: string;
  try {
    text = readFileSync(fileIn(folder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return Identity.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${fileIn(folder)} is damaged: remove it and enrol this node again with a new join token`, { cause });
  }
}

/** Removes the stored identity, so that the next start enrols anew: the console it belonged to is gone or elsewhere. */
export function forgetIdentity(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}

function storeIdentity(folder: string, identity: Identity): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fresh = `${fileIn(folder)}.${process.pid}`;
  const fd = openSync(fresh, 'w', 0o600);
  try {
    writeSync(fd, JSON.stringify(identity));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, fileIn(folder));
}

/** Trades a join token for a certificate. The console proves itself by the CA whose fingerprint the token carries. */
export async function enrol(folder: string, joinText: string, node: NodeName, version: string, signal: AbortSignal): Promise<Identity> {
  const token = decodeJoinToken(joinText);
  const ca = await readText(await open({ url: token.url, method: 'GET', path: '/agent/v1/ca', credentials: {}, signal }));
  const fingerprint = createHash('sha256').update(new X509Certificate(ca).raw).digest('hex');
  if (fingerprint !== token.ca) throw new GatewayError(`console ${token.url}: its certificate authority is not the one the join token names (got sha256 ${fingerprint})`, 401);
  const { key, csr } = await signingRequest();
  const body = Buffer.from(JSON.stringify({ secret: token.secret, csr, node, version }));
  const answer = await open({ url: token.url, method: 'POST', path: '/agent/v1/enrol', credentials: { ca }, body, headers: { 'content-type': 'application/json' }, signal });
  const identity: Identity = { ...EnrolAnswer.parse(JSON.parse(await readText(answer))), url: token.url, key };
  storeIdentity(folder, identity);
  return identity;
}

/** A new key and certificate, asked for with the one that still holds. */
export async function renew(folder: string, identity: Identity, signal: AbortSignal): Promise<Identity> {
  const { key, csr } = await signingRequest();
  const body = Buffer.from(JSON.stringify({ csr }));
  const answer = await open({ url: identity.url, method: 'POST', path: '/agent/v1/renew', credentials: identity, body, headers: { 'content-type': 'application/json' }, signal });
  const renewed: Identity = { ...identity, ...RenewAnswer.parse(JSON.parse(await readText(answer))), key };
  storeIdentity(folder, renewed);
  return renewed;
}

import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { gatewayServerName } from '@palisade/model/wire';
import { refuse } from '../errors.ts';
import type { Db } from '../postgres/database.ts';
import { seal, unseal } from '../secret.ts';

const { subtle } = globalThis.crypto;
x509.cryptoProvider.set(globalThis.crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;
const certificateDays = 30;

export type Issued = { serial: string; certificate: string; notBefore: Date; notAfter: Date; renewAfter: Date };

export type Authority = {
  /** The CA certificate, PEM, and the SHA-256 (hex) of its DER form: what a join token carries. */
  readonly certificate: string;
  readonly fingerprint: string;
  /** A client certificate for an agent from its signing request; 30 days. Refuses a request whose signature is wrong. */
  issue(csr: string, agent: string, cluster: string): Promise<Issued>;
  /** A fresh key and server certificate for this replica's gateway. */
  serverIdentity(hosts: readonly string[]): Promise<{ key: string; certificate: string }>;
};

/** Loads the installation's own CA, made on first use; its key lies in the database sealed under the secret. */
export async function openAuthority(db: Db, secret: string, now: () => Date = () => new Date()): Promise<Authority> {
  const stored = await sql<{ certificate: string; sealed_key: string }>`select certificate, sealed_key from authority`.execute(db);
  if (stored.rows[0] === undefined) {
    const made = await createAuthority(now());
    // Two replicas may get here at once: the first row wins, both read it.
    await sql`insert into authority (certificate, sealed_key) values (${made.certificate}, ${seal(secret, 'ca-key', made.key)}) on conflict do nothing`.execute(db);
    return openAuthority(db, secret, now);
  }
  const { certificate, sealed_key } = stored.rows[0];
  const signing = await subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(unseal(secret, 'ca-key', sealed_key)), algorithm, false, ['sign']);
  const ca = new x509.X509Certificate(certificate);
  const sign = async (subject: string, publicKey: x509.PublicKeyType, days: number, extensions: x509.Extension[]): Promise<Issued> => {
    const notBefore = new Date(now().getTime() - 300_000);
    const notAfter = new Date(now().getTime() + days * day);
    const serial = `00${randomBytes(16).toString('hex')}`.replace(/^00(?=[0-7])/, '');
    const leaf = await x509.X509CertificateGenerator.create({ serialNumber: serial, subject, issuer: ca.subject, notBefore, notAfter, publicKey, signingKey: signing, signingAlgorithm: algorithm, extensions });
    return { serial: leaf.serialNumber, certificate: leaf.toString('pem'), notBefore, notAfter, renewAfter: new Date(now().getTime() + (days * day * 2) / 3) };
  };
  return {
    certificate,
    fingerprint: createHash('sha256').update(new Uint8Array(ca.rawData)).digest('hex'),
    async issue(csr, agent, cluster) {
      let request: x509.Pkcs10CertificateRequest;
      try {
        request = new x509.Pkcs10CertificateRequest(csr);
        if (!(await request.verify())) throw new Error('its signature is wrong');
      } catch (error) {
        throw refuse('bad-request', `certificate signing request: ${error instanceof Error ? error.message : String(error)}`);
      }
      // Name and use are ours to say; nothing but the key is taken from the request.
      return sign(`CN=${agent}, O=${cluster}`, request.publicKey, certificateDays, [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth], true),
      ]);
    },
    async serverIdentity(hosts) {
      const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const names = [gatewayServerName, 'localhost', ...hosts].map((name) => ({ type: isAddress(name) ? ('ip' as const) : ('dns' as const), value: name }));
      const leaf = await sign(`CN=${gatewayServerName}`, keys.publicKey, 397, [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], true),
        new x509.SubjectAlternativeNameExtension([...names, { type: 'ip', value: '127.0.0.1' }]),
      ]);
      return { key: await exportKey(keys.privateKey), certificate: leaf.certificate };
    },
  };
}

async function createAuthority(now: Date): Promise<{ certificate: string; key: string }> {
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(8).toString('hex').replace(/^[89a-f]/, '1'),
    name: 'CN=Palisade agent authority',
    notBefore: new Date(now.getTime() - 300_000),
    notAfter: new Date(now.getTime() + 3650 * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function isAddress(name: string): boolean {
  return /^[\d.]+$|:/.test(name);
}

import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A fresh P-256 key and its PKCS#10 request, both PEM. The console decides the certificate's names, so the request's is empty of meaning. */
export async function signingRequest(): Promise<{ key: string; csr: string }> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { subtle } = globalThis.crypto;
  const keys = {
    privateKey: await subtle.importKey('pkcs8', pair.privateKey.export({ type: 'pkcs8', format: 'der' }), algorithm, true, ['sign']),
    publicKey: await subtle.importKey('spki', pair.publicKey.export({ type: 'spki', format: 'der' }), algorithm, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=agent', keys, signingAlgorithm: algorithm }, globalThis.crypto);
  return { csr: request.toString('pem'), key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { refuse } from './errors.ts';

/**
 * The installation's secret: PALISADE_SECRET, else the one kept in `home` (made on first use, readable by its owner
 * only). Keys and stored credentials are sealed under it; whoever has a backup without it has no key.
 */
export function installationSecret(home: string, given: string | undefined): string {
  if (given !== undefined && given !== '') {
    if (given.length < 16) throw refuse('bad-request', 'PALISADE_SECRET must have at least 16 characters');
    return given;
  }
  mkdirSync(home, { recursive: true, mode: 0o711 });
  const file = path.join(home, 'secret');
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}

/** A purpose's own key: what one key protects does not open under another. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'palisade', purpose, 32));
}

/** AES-256-GCM; text out is base64url of nonce, tag and ciphertext. */
export function seal(secret: string, purpose: string, plain: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, purpose), nonce);
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

/** Opens what `seal` closed; a wrong secret or a changed text is an error that says so. */
export function unseal(secret: string, purpose: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret, purpose), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw refuse('conflict', `${purpose} was sealed under another PALISADE_SECRET`, { cause: String(cause) });
  }
}

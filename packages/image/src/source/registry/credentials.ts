import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import { UnreadableImage } from '../../error.ts';

/** `identityToken`: to be exchanged at the token server instead of a password. */
export type Credentials = { readonly username: string; readonly password: string; readonly identityToken?: string };
export type CredentialOptions = { readonly env: Readonly<Record<string, string | undefined>>; readonly home: string; readonly signal: AbortSignal };

type Config = { readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly username?: string; readonly password?: string; readonly identitytoken?: string }>>; readonly credHelpers?: Readonly<Record<string, string>>; readonly credsStore?: string };

/**
 * What Docker's own configuration (DOCKER_CONFIG or ~/.docker, config.json) holds for a registry; undefined for none. A
 * configuration that can't be read, and a helper that fails, are errors: to go on without would look like a missing right.
 */
export async function credentialsFor(host: string, options: CredentialOptions): Promise<Credentials | undefined> {
  const file = path.join(options.env['DOCKER_CONFIG'] ?? path.join(options.home, '.docker'), 'config.json');
  const config = readConfig(file);
  if (config === undefined) return undefined;
  const names = host === 'registry-1.docker.io' ? ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', host] : [host, `https://${host}`, `http://${host}`, `https://${host}/v1/`, `https://${host}/v2/`];
  const helper = names.map((name) => config.credHelpers?.[name]).find((found) => found !== undefined) ?? config.credsStore;
  if (helper !== undefined && helper !== '') {
    const found = await askHelper(helper, names[0] ?? host, options);
    if (found !== undefined) return found;
  }
  const entry = names.map((name) => config.auths?.[name]).find((found) => found !== undefined);
  if (entry === undefined) return undefined;
  const [username = '', ...password] = entry.auth === undefined || entry.auth === '' ? [entry.username ?? '', entry.password ?? ''] : Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '').split(':');
  if (username === '' && entry.identitytoken === undefined) return undefined;
  return { username, password: password.join(':'), ...(entry.identitytoken === undefined || entry.identitytoken === '' ? {} : { identityToken: entry.identitytoken }) };
}

function readConfig(file: string): Config | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UnreadableImage(`${file}: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text) as Config;
  } catch {
    // The parser's message would quote the file, which holds passwords.
    throw new UnreadableImage(`${file}: is no JSON`);
  }
}

/** docker-credential-NAME get: the registry on standard input, JSON on standard output; started without a shell. */
function askHelper(name: string, server: string, { env, signal }: CredentialOptions): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) throw new UnreadableImage(`the credential helper "${name.slice(0, 50)}" has no usable name`);
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, ['get'], { env, signal, timeout: 30_000, stdio: ['pipe', 'pipe', 'ignore'] });
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString('utf8')).slice(0, 65_536);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(server);
    child.on('error', (error) => reject(new UnreadableImage(`docker-credential-${name}: ${messageOf(error)}`)));
    child.on('close', (code) => {
      if (/credentials not found/i.test(said)) resolve(undefined);
      else if (code !== 0) reject(new UnreadableImage(`docker-credential-${name} ended with ${code ?? 'a signal'}`));
      else resolve(fromHelper(said, name, reject));
    });
  });
}

function fromHelper(said: string, name: string, reject: (error: Error) => void): Credentials | undefined {
  try {
    const { Username, Secret } = JSON.parse(said) as { Username?: unknown; Secret?: unknown };
    if (typeof Username !== 'string' || typeof Secret !== 'string') return undefined;
    return Username === '<token>' ? { username: '', password: '', identityToken: Secret } : { username: Username, password: Secret };
  } catch {
    reject(new UnreadableImage(`docker-credential-${name} answered no JSON`));
    return undefined;
  }
}

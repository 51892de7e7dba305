import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { refuse } from '../errors.ts';
import { homeHolder, takeHome } from '../home-lock.ts';
import { openDatabase } from '../postgres/database.ts';
import type { Database } from '../postgres/database.ts';
import { embeddedReach, startEmbedded } from '../postgres/embedded.ts';
import { deriveKey, installationSecret } from '../secret.ts';
import type { ConsoleSettings } from '../settings.ts';

type Opened = { readonly database: Database; readonly secret: string; close(): Promise<void> };

/**
 * The installation's database without a console: the one of the URL, or the embedded one, started when no console runs
 * it. With `alone` a running console on this home is refused.
 */
export async function openInstallation(settings: ConsoleSettings, notice: (message: string) => void, alone: boolean): Promise<Opened> {
  mkdirSync(settings.home, { recursive: true, mode: 0o711 });
  const lost = (error: Error): void => notice(error.message);
  const secret = installationSecret(settings.home, settings.secret);
  if (settings.databaseUrl !== undefined) {
    const database = openDatabase(settings.databaseUrl, 2, lost);
    return { database, secret, close: database.close };
  }
  const password = deriveKey(secret, 'embedded-postgres').toString('hex');
  if (!alone && homeHolder(settings.home) !== undefined) {
    const database = openDatabase(embeddedReach(settings.home, password), 2, lost);
    return { database, secret, close: database.close };
  }
  const release = takeHome(settings.home);
  try {
    const embedded = await startEmbedded(settings.home, password, notice);
    const database = openDatabase(embedded.reach, 2, lost);
    return {
      database,
      secret,
      async close() {
        await database.close();
        await embedded.stop();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Makes `file`'s secret this installation's own: into PALISADE_HOME for the embedded database, else for this run only. */
export function withSecretFile(settings: ConsoleSettings, file: string): ConsoleSettings {
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length < 16) throw refuse('bad-request', `${file}: a secret has at least 16 characters`);
  if (settings.databaseUrl !== undefined) return { ...settings, secret };
  mkdirSync(settings.home, { recursive: true, mode: 0o711 });
  const own = path.join(settings.home, 'secret');
  try {
    writeFileSync(own, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (readFileSync(own, 'utf8').trim() !== secret) throw refuse('conflict', `${own} holds another secret already: restore into an empty PALISADE_HOME`);
  }
  return { ...settings, secret: undefined };
}

import { homedir } from 'node:os';
import path from 'node:path';

/** PALISADE_HOME: where CLI, agent and embedded console keep their state. */
export function homeFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['PALISADE_HOME'] ?? (process.getuid?.() === 0 ? '/var/lib/palisade' : path.join(env['HOME'] ?? homedir(), '.palisade'));
}

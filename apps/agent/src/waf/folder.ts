import { chmodSync, chownSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { processStart } from '../sensor/process-start.ts';

/** Names the process that a folder belongs to: its pid and when it started, so that a reused pid isn't taken for it. */
const ownerFile = 'owner';
const owner = (pid: number): string => `${pid} ${processStart(pid, '/proc') ?? ''}`;

/** A new temporary folder through which others may pass, but not list it. Those of processes that were killed are taken away. */
export function openFolder(prefix: string, parent = tmpdir()): string {
  clearFolders(prefix, parent);
  const folder = mkdtempSync(path.join(parent, prefix));
  writeFileSync(path.join(folder, ownerFile), owner(process.pid), { mode: 0o600 });
  chmodSync(folder, 0o711);
  return folder;
}

/** Only folders of our own user that name an owner who is gone. */
function clearFolders(prefix: string, parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const folder = path.join(parent, name);
    try {
      if (statSync(folder).uid !== process.getuid?.()) continue;
      const said = readFileSync(path.join(folder, ownerFile), 'utf8');
      if (said !== owner(Number.parseInt(said, 10))) rmSync(folder, { recursive: true, force: true });
    } catch {
      // being made or taken away by another, or not ours
    }
  }
}

/** Lets one user use a socket. Without the right to give it away everyone may who finds it in its folder. */
export function giveSocket(socket: string, user: number): void {
  try {
    chownSync(socket, user, user);
    chmodSync(socket, 0o600);
  } catch {
    chmodSync(socket, 0o666);
  }
}

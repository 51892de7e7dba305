import { chmodSync, chownSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A new temporary folder through which others may pass, but not list it. */
export function openFolder(prefix: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  chmodSync(folder, 0o711);
  return folder;
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

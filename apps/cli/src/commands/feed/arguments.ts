import path from 'node:path';
import { homedir } from 'node:os';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';

/** parseArgs whose complaints are wrong use (exit code 2). */
export function parse<const T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A path of the command line, relative to where the command was called. */
export function located(io: Io, file: string): string {
  return path.resolve(io.cwd, file);
}

/** Where this installation keeps its feed bundle: `scan` uses it when no --feed is given. */
export function installedFeed(io: Io): string {
  const home = io.env['PALISADE_HOME'] ?? (process.getuid?.() === 0 ? '/var/lib/palisade' : path.join(io.env['HOME'] ?? homedir(), '.palisade'));
  return path.join(home, 'feed', 'current.db');
}

import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { homeFolder } from '../../home.ts';

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
  return path.join(homeFolder(io.env), 'feed', 'current.db');
}

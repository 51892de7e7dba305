import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import { UsageError } from './command.ts';

/** The bytes of a file that the user named, seen from `cwd`. Throws UsageError with that name and the cause. */
export function readInput(file: string, cwd: string): Buffer {
  try {
    return readFileSync(path.resolve(cwd, file));
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`);
  }
}

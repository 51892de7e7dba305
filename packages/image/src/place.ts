import { constants, openSync, statSync } from 'node:fs';
import { messageOf } from '@palisade/model/error';
import { UnreadableImage } from './error.ts';

// Where an image is, without anything that reads one.

/** What platform to take from an image of several: the machine's own unless said otherwise. */
export const hostPlatform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** "FILE#NAME" → file and name. */
export function splitChoice(path: string): [string, string | undefined] {
  const hash = path.lastIndexOf('#');
  return hash === -1 ? [path, undefined] : [path.slice(0, hash), path.slice(hash + 1)];
}

/** Throws UnreadableImage where there is nothing. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new UnreadableImage(`${path}: ${messageOf(error)}`, {}, error);
  }
}

/** Opens a file for reading without waiting for pipes; throws UnreadableImage with the path. */
export function openFileAt(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new UnreadableImage(`${path}: ${messageOf(error)}`, {}, error);
  }
}

import { constants, fstatSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Content } from '../content.ts';
import { fileContent } from '../content.ts';
import type { BlobStore } from './archive-index.ts';

/** The files of an OCI layout directory; links are not followed. */
export function directoryStore(root: string): BlobStore {
  const open: Content[] = [];
  return {
    names: () => [],
    get(name) {
      let fd: number;
      try {
        fd = openSync(path.join(root, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      const content = fileContent(fd, 0, fstatSync(fd).size, true);
      open.push(content);
      return content;
    },
    close: () => {
      for (const content of open) content.close();
    },
  };
}

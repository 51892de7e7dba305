import { readTar } from '../tar/read.ts';
import type { Content } from '../content.ts';
import { sliceContent } from '../content.ts';
import { DamagedArchive, LimitError, UnreadableImage } from '../error.ts';
import { limits } from '../limits.ts';
import { cleanPath, parentOf } from '../path.ts';

/** Named blobs: the members of an archive, or the files of a layout directory. */
export type BlobStore = {
  /** undefined where there is no such member. */
  get(name: string): Content | undefined;
  names(): readonly string[];
  close(): void;
};

/** Indexes the members of an uncompressed tar by jumping over their bodies. `docker save` of old links layers to each other. */
export function indexArchive(content: Content, subject: string): BlobStore {
  try {
    return indexed(content, subject);
  } catch (error) {
    if (error instanceof DamagedArchive || error instanceof LimitError) throw new UnreadableImage(`${subject}: not a readable archive: ${error.message}`, {}, error);
    throw error;
  }
}

function indexed(content: Content, subject: string): BlobStore {
  const members = new Map<string, { start: number; size: number } | { link: string }>();
  let position = 0;
  const tar = readTar();
  let answer: Buffer = Buffer.alloc(0);
  for (let step = tar.next(); step.done !== true; step = tar.next(answer)) {
    const request = step.value;
    if (request.op === 'take') {
      answer = content.read(position, request.length);
      position += answer.length;
    } else if (request.op === 'skip') position += request.length;
    else if (request.op === 'entry') {
      if (members.size >= limits.archiveMembers) throw new UnreadableImage(`${subject}: more than ${limits.archiveMembers} members`);
      const { stat } = request;
      // The first of two equal names wins: a later one must not replace what a digest was checked against.
      if (stat.type === 'file' && !members.has(stat.path)) members.set(stat.path, { start: position, size: request.size });
      else if ((stat.type === 'symlink' || stat.type === 'hardlink') && stat.target !== undefined && !members.has(stat.path)) {
        const link = stat.type === 'hardlink' ? cleanPath(stat.target) : resolveLink(stat.path, stat.target);
        if (link !== undefined) members.set(stat.path, { link });
      }
      position += request.size + request.padding;
    }
  }
  return {
    names: () => [...members.keys()],
    get(name) {
      let member = members.get(name);
      for (let hops = 0; member !== undefined && 'link' in member && hops < 8; hops += 1) member = members.get(member.link);
      if (member === undefined || 'link' in member) return undefined;
      // A member cut off by the end of the file keeps its claimed size: reading it then reports the damage.
      return sliceContent(content, member.start, member.size);
    },
    close: () => content.close(),
  };
}

/** A relative link within the archive; undefined when it leads outside. */
function resolveLink(path: string, target: string): string | undefined {
  if (target.startsWith('/')) return undefined;
  const parts = parentOf(path).split('/').filter((part) => part !== '');
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else parts.push(part);
  }
  return parts.join('/');
}

import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Item } from '@palisade/model/wire';
import { Item as ItemSchema, batchLimits } from '@palisade/model/wire';

/** Items that a full disk or the spool's own bound made us drop: how many, and from when to when. */
export type Dropped = { readonly count: number; readonly since: string; readonly until: string };

/** The next lines to send, oldest first. `commit` forgets them: call it only after the console's 2xx. */
export type SpoolBatch = { readonly lines: readonly string[]; commit(): void };

/**
 * Items on disk until the console has committed them: append-only segments of NDJSON, oldest first. `append` returns
 * when the kernel has the line (it survives our death); `sync` makes it survive a power cut and is called each second.
 * After a crash, items may come again: their ids are deterministic and the console stores each once.
 */
export type Spool = {
  append(item: Item): void;
  /** At most `most` items. */
  next(most?: number): SpoolBatch | undefined;
  sync(): void;
  /** What was dropped since the last call. */
  takeDropped(): Dropped | undefined;
  /** Bytes now held. */
  size(): number;
  close(): void;
};

type Segment = { readonly number: number; readonly file: string; size: number };
type Write = (fd: number, bytes: Buffer) => void;

export type SpoolLimits = { readonly segmentBytes: number; readonly totalBytes: number };
const defaultLimits: SpoolLimits = { segmentBytes: 8 << 20, totalBytes: 1 << 30 };

/** Opens (or makes) the spool in `folder`. `write` is a seam for tests of full disks. */
export function openSpool(folder: string, limits: SpoolLimits = defaultLimits, write: Write = writeAll): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const segments = findSegments(folder);
  let fd: number | undefined;
  let dirty = false;
  let dropped: Dropped | undefined;
  // Bytes of the oldest segment that the console has already committed.
  let done = 0;

  const newest = (): Segment | undefined => segments.at(-1);
  const closeWriter = (): void => {
    if (fd === undefined) return;
    if (dirty) fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    dirty = false;
  };
  const openWriter = (): [number, Segment] => {
    const last = newest();
    if (fd !== undefined && last !== undefined && last.size < limits.segmentBytes) return [fd, last];
    closeWriter();
    const number = (last?.number ?? 0) + 1;
    const file = path.join(folder, `${String(number).padStart(12, '0')}.ndjson`);
    fd = openSync(file, 'ax', 0o600);
    const segment = { number, file, size: 0 };
    segments.push(segment);
    return [fd, segment];
  };
  const dropOldest = (): boolean => {
    const oldest = segments[0];
    if (oldest === undefined) return false;
    if (oldest === newest()) closeWriter();
    const lost = Array.from(linesOf(readFileSync(oldest.file), done), ({ text }) => text);
    dropped = addDropped(dropped, lost);
    segments.shift();
    done = 0;
    unlinkSync(oldest.file);
    return true;
  };

  return {
    append(item) {
      const bytes = Buffer.from(`${JSON.stringify(item)}\n`);
      if (bytes.length > batchLimits.lineBytes) {
        dropped = addDropped(dropped, [bytes.toString('utf8')]);
        return;
      }
      while (total(segments) + bytes.length > limits.totalBytes && dropOldest());
      for (;;) {
        let at: [number, Segment] | undefined;
        try {
          at = openWriter();
          write(at[0], bytes);
          at[1].size += bytes.length;
          dirty = true;
          return;
        } catch (error) {
          // A line half written must not be glued to the next one.
          if (at !== undefined) ftruncateSync(at[0], at[1].size);
          if (!isFull(error)) throw error;
          const empty = total(segments) === 0;
          if (empty || !dropOldest()) {
            dropped = addDropped(dropped, [bytes.toString('utf8')]);
            return;
          }
        }
      }
    },
    next(most = batchLimits.items) {
      for (;;) {
        const oldest = segments[0];
        if (oldest === undefined) return undefined;
        const lines: string[] = [];
        let end = done;
        let bytes = 0;
        for (const line of linesOf(readFileSync(oldest.file), done)) {
          if (lines.length > 0 && (lines.length >= Math.min(most, batchLimits.items) || bytes + line.length > batchLimits.bytes / 2)) break;
          lines.push(line.text);
          bytes += line.length;
          end = line.end;
        }
        if (lines.length > 0) {
          return {
            lines,
            commit() {
              // Dropped meanwhile under a full disk: nothing left to forget.
              if (segments[0] !== oldest) return;
              done = end;
              if (done >= oldest.size && oldest !== newest()) forget(oldest);
              else if (done >= oldest.size) {
                closeWriter();
                forget(oldest);
              }
            },
          };
        }
        if (oldest === newest()) return undefined;
        forget(oldest);
      }
    },
    sync() {
      if (!dirty || fd === undefined) return;
      fsyncSync(fd);
      dirty = false;
    },
    takeDropped() {
      const answer = dropped;
      dropped = undefined;
      return answer;
    },
    size: () => total(segments),
    close: closeWriter,
  };

  function forget(segment: Segment): void {
    segments.shift();
    done = 0;
    unlinkSync(segment.file);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
}

const total = (segments: readonly Segment[]): number => segments.reduce((sum, segment) => sum + segment.size, 0);

function isFull(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Segments of an earlier run, oldest first; what a crash left half written behind the last newline is not an item. */
function findSegments(folder: string): Segment[] {
  const names = readdirSync(folder).filter((name) => /^\d{12}\.ndjson$/.test(name)).sort();
  return names.map((name) => {
    const file = path.join(folder, name);
    return { number: Number(name.slice(0, 12)), file, size: statSync(file).size };
  });
}

/** Whole lines from `from` on that are items; damaged ones (a torn sector) are passed over. */
function* linesOf(bytes: Buffer, from: number): Generator<{ text: string; length: number; end: number }, void> {
  for (let start = from; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    if (newline === -1) break;
    const text = bytes.toString('utf8', start, newline);
    if (isItem(text)) yield { text, length: newline + 1 - start, end: newline + 1 };
    start = newline + 1;
  }
}

function isItem(text: string): boolean {
  try {
    return ItemSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

function addDropped(known: Dropped | undefined, lines: readonly string[]): Dropped | undefined {
  const times = lines.map((line) => ItemSchema.parse(JSON.parse(line)).at);
  if (times.length === 0) return known;
  const all = [...times, ...(known === undefined ? [] : [known.since, known.until])].sort();
  return { count: (known?.count ?? 0) + times.length, since: all[0] ?? '', until: all.at(-1) ?? '' };
}

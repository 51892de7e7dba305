import type { Gap } from '@palisade/model/gap';

/** One entry of a layer or root directory. `path` is relative, normalised, without a leading slash. */
export type FileStat = {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';
  /** Bytes; 0 for everything but files. */
  readonly size: number;
  /** Permission bits with setuid, setgid and sticky (0o7777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Where a symlink or hard link points, as the archive says it. */
  readonly target?: string;
};

/** Reads at any offset; answers fewer bytes only at the end. Valid until the analyzer's `read` is done. */
export type RandomAccess = {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** The content of one file, offered in the form that costs the analyzer least. Each may be asked for once. */
export type OpenFile = {
  readonly stat: FileStat;
  /** The whole content; throws a LimitError when the file is larger than `limit` bytes. */
  bytes(limit: number): Promise<Uint8Array>;
  stream(): AsyncIterable<Uint8Array>;
  /** Seekable content: in place where the source allows it, else spooled to a bounded temporary file. */
  random(): Promise<RandomAccess>;
};

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Where an analyzer says what it could not look at. */
export type Report = { gap(gap: Gap): void; readonly signal: AbortSignal };

/**
 * A reader of files: each cataloguer and each detector over file content is one. `wants` is cheap and decides by
 * name and stat alone; `read` answers what it learned as JSON (cached per layer, so it must not depend on other
 * files, on time or on the host), or undefined for "nothing here". A malformed file is a gap, never a throw
 * across the boundary: what `read` throws becomes a gap naming the file and the analyzer.
 */
export type Analyzer<Data extends Json = Json> = {
  /** The folder's name; part of the cache key together with `version`, which grows whenever the answer can change. */
  readonly id: string;
  readonly version: number;
  wants(stat: FileStat): boolean;
  /** True: the same bytes give the same answer under both paths, so that a hard link needs no second look. Left out: never. */
  alike?(one: string, other: string): boolean;
  read(file: OpenFile, report: Report): Promise<Data | undefined> | Data | undefined;
};

/** What one analyzer learned from one file, with the layer it lies in and, if a later layer deleted or replaced it, that one. */
export type Fact<Data extends Json = Json> = {
  readonly analyzer: string;
  readonly path: string;
  readonly data: Data;
  /** Diff id; for a root directory the empty string. */
  readonly layer: string;
  /** Diff id of the later layer that deleted or overwrote the file. */
  readonly removed?: string;
};

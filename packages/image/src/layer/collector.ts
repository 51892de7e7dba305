import type { Gap } from '@palisade/model/gap';
import { mergeGaps } from '@palisade/model/gap';
import { messageOf } from '@palisade/model/error';
import type { Analyzer, FileStat, Json } from '../analyzer.ts';
import type { Content } from '../content.ts';
import { openFile } from '../content.ts';
import { LimitError } from '../error.ts';
import { limits } from '../limits.ts';
import { baseName, parentOf } from '../path.ts';
import type { LayerFacts } from './layer-facts.ts';

const whiteoutPrefix = '.wh.';
const opaqueMarker = '.wh..wh..opq';

/** As large as no analyzer takes for too small: what a path is wanted for where its size says nothing. */
const someSize = 1 << 30;

/** Gathers a layer's entries, offers files to the analyzers, and keeps what they answer. */
export type Collector = {
  /** Notes the entry; true when some analyzer wants its content and `read` is to be called with it. */
  note(stat: FileStat): boolean;
  /** `by`: these analyzers only; left out: all that want the file. */
  read(stat: FileStat, content: Content, by?: readonly Analyzer[]): Promise<void>;
  whiteout(path: string): void;
  opaque(path: string): void;
  gap(kind: string, subject: string, reason: string): void;
  /** Hard links by what they point to: their content, and so their size, is that of another path of the same layer. */
  readonly links: ReadonlyMap<string, FileStat[]>;
  /** True when an analyzer may want the path, whatever its size. */
  mayWant(stat: FileStat): boolean;
  /**
   * A hard link, as the file it stands for, to a file of this layer that was noted. What was learned from that file is noted
   * for the link too, where the path makes no difference; answers the analyzers that have to read it themselves.
   */
  link(link: FileStat, target: string): readonly Analyzer[];
  finish(extra?: { diffId?: string }): LayerFacts;
};

export function createCollector(analyzers: readonly Analyzer[], signal: AbortSignal, archiveWhiteouts: boolean): Collector {
  const facts: { analyzer: string; path: string; data: Json }[] = [];
  const covers: string[] = [];
  const replaced: string[] = [];
  const whiteouts: string[] = [];
  const opaque: string[] = [];
  const gaps: Gap[] = [];
  const links = new Map<string, FileStat[]>();
  let files = 0;
  let bytes = 0;

  const gap = (kind: string, subject: string, reason: string): void => {
    gaps.push({ kind, subject, reason, count: 1 });
  };
  // Asked once for a file, when it is noted; kept until it is read.
  let asked: FileStat | undefined;
  let wanting: readonly Analyzer[] = [];
  const wantersOf = (stat: FileStat): readonly Analyzer[] => {
    if (asked !== stat) {
      wanting = analyzers.filter((analyzer) => analyzer.wants(stat));
      asked = stat;
    }
    return wanting;
  };
  const wanted = (stat: FileStat): boolean => wantersOf(stat).length > 0;
  const mayWant = (stat: FileStat): boolean => wanted({ ...stat, type: 'file', size: someSize });
  let factsOf: Map<string, { analyzer: string; path: string; data: Json }[]> | undefined;

  return {
    links,
    gap,
    mayWant,
    link(link, target) {
      factsOf ??= Map.groupBy(facts, (fact) => fact.path);
      const known = factsOf.get(target) ?? [];
      const asTarget = { ...link, path: target };
      return wantersOf(link).filter((analyzer) => {
        if (analyzer.alike?.(link.path, target) !== true || !analyzer.wants(asTarget)) return true;
        for (const { data } of known.filter((fact) => fact.analyzer === analyzer.id)) facts.push({ analyzer: analyzer.id, path: link.path, data });
        return false;
      });
    },
    whiteout: (path) => void whiteouts.push(path),
    opaque: (path) => void opaque.push(path),
    note(stat) {
      signal.throwIfAborted();
      if (archiveWhiteouts) {
        const name = baseName(stat.path);
        if (name === opaqueMarker) {
          opaque.push(parentOf(stat.path));
          return false;
        }
        if (name.startsWith(whiteoutPrefix)) {
          const hidden = name.slice(whiteoutPrefix.length);
          if (!hidden.startsWith(whiteoutPrefix) && hidden !== '') whiteouts.push(parentOf(stat.path) === '' ? hidden : `${parentOf(stat.path)}/${hidden}`);
          return false;
        }
      }
      if (stat.type === 'directory') return false;
      if (stat.type === 'file') {
        files += 1;
        bytes += stat.size;
        if (!wanted(stat)) {
          // An empty file hides what lay below as well as a full one.
          if (stat.size === 0 && mayWant(stat)) covers.push(stat.path);
          return false;
        }
        covers.push(stat.path);
        if (stat.size <= limits.spooledFile) return true;
        gap('limit-file-size', stat.path, `larger than ${limits.spooledFile} bytes`);
        return false;
      }
      if (stat.type === 'symlink') replaced.push(stat.path);
      if (mayWant(stat)) covers.push(stat.path);
      if (stat.type === 'hardlink' && stat.target !== undefined) {
        files += 1;
        const known = links.get(stat.target);
        if (known === undefined) links.set(stat.target, [stat]);
        else known.push(stat);
      }
      return false;
    },
    async read(stat, content, by = wantersOf(stat)) {
      for (const analyzer of by) {
        try {
          const data = await analyzer.read(openFile(stat, content), { gap: (found) => void gaps.push(found), signal });
          if (data !== undefined) facts.push({ analyzer: analyzer.id, path: stat.path, data });
        } catch (error) {
          signal.throwIfAborted();
          gap(error instanceof LimitError ? 'limit-file-size' : 'file-unreadable', stat.path, `${analyzer.id}: ${messageOf(error)}`);
        }
      }
    },
    finish: (extra = {}) => ({ facts, covers, replaced, whiteouts, opaque, files, bytes, gaps: mergeGaps(gaps), ...extra }),
  };
}

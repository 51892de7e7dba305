import type { Gap } from '@palisade/model/gap';
import { mergeGaps } from '@palisade/model/gap';
import type { Layer } from '@palisade/model/layer';
import type { Analyzer, Fact } from './analyzer.ts';
import type { LayerCache } from './cache/cache.ts';
import { watched } from './cache/witness.ts';
import type { Content } from './content.ts';
import { compressionOf } from './layer/decompress.ts';
import type { DirectoryOptions } from './layer/directory.ts';
import { analyseDirectory } from './layer/directory.ts';
import type { LayerFacts } from './layer/layer-facts.ts';
import type { OpaqueTest } from './layer/opaque.ts';
import { analyseSeekable } from './layer/seekable.ts';
import { analyseStreamed } from './layer/streamed.ts';
import type { OpenedImage, OpenedLayer } from './source/opened-image.ts';
import { squash } from './squash.ts';

export type AnalyseOptions = {
  readonly signal: AbortSignal;
  /** Hash everything: every layer is read to its end and compared with its digests. */
  readonly verify?: boolean;
  readonly cache?: LayerCache;
  /** Tells opaque directories of overlay layers read in place. */
  readonly opaque?: OpaqueTest;
  readonly progress?: (done: number, total: number) => void;
};

/** What was learned from an image or a root directory. `bytes` are uncompressed; `content` says what was hashed. */
export type Analysis = {
  readonly facts: Fact[];
  readonly layers: Layer[];
  readonly gaps: Gap[];
  readonly files: number;
  readonly bytes: number;
  readonly status: 'complete' | 'partial';
  readonly content: 'verified' | 'headers';
  readonly cachedLayers: number;
};

/** Gaps that inform but leave nothing unread. */
const informing = new Set(['image-not-chosen', 'mount-skipped']);

/** Reads every layer once, offering each file to the analyzers, and lays the layers over each other. */
export async function analyseImage(opened: OpenedImage, analyzers: readonly Analyzer[], options: AnalyseOptions): Promise<Analysis> {
  const gaps: Gap[] = [...opened.gaps];
  const read: { diffId: string; facts: LayerFacts }[] = [];
  let verified = true;
  let cachedLayers = 0;
  for (const [index, layer] of opened.layers.entries()) {
    options.progress?.(index, opened.layers.length);
    const outcome = await readLayer(layer, analyzers, options);
    if (outcome.cached) cachedLayers += 1;
    verified &&= outcome.verified;
    gaps.push(...outcome.facts.gaps.map((gap) => (gap.subject === 'layer' ? { ...gap, subject: layer.diffId } : gap)), ...outcome.gaps);
    read.push({ diffId: layer.diffId, facts: outcome.facts });
  }
  const merged = mergeGaps(gaps);
  return {
    facts: squash(read),
    layers: opened.image.layers.map((layer, index) => ({ ...layer, size: read[index]?.facts.bytes ?? 0 })),
    gaps: merged,
    files: read.reduce((sum, layer) => sum + layer.facts.files, 0),
    bytes: read.reduce((sum, layer) => sum + layer.facts.bytes, 0),
    status: merged.some((gap) => !informing.has(gap.kind)) ? 'partial' : 'complete',
    content: verified && read.length > 0 ? 'verified' : 'headers',
    cachedLayers,
  };
}

/** Reads a root directory like an image of one nameless layer. */
export async function analyseRoot(root: string, analyzers: readonly Analyzer[], options: DirectoryOptions): Promise<Analysis> {
  const facts = await analyseDirectory(root, analyzers, options);
  return {
    facts: facts.facts.map((fact) => ({ ...fact, layer: '' })),
    layers: [],
    gaps: facts.gaps,
    files: facts.files,
    bytes: facts.bytes,
    status: facts.gaps.some((gap) => !informing.has(gap.kind)) ? 'partial' : 'complete',
    content: 'verified',
    cachedLayers: 0,
  };
}

type LayerOutcome = { facts: LayerFacts; verified: boolean; cached: boolean; gaps: Gap[] };

const nothing: LayerFacts = { facts: [], covers: [], replaced: [], whiteouts: [], opaque: [], files: 0, bytes: 0, gaps: [] };

async function readLayer(layer: OpenedLayer, analyzers: readonly Analyzer[], options: AnalyseOptions): Promise<LayerOutcome> {
  const { bytes } = layer;
  if (bytes.kind === 'missing') {
    return { facts: nothing, verified: false, cached: false, gaps: [{ kind: 'layer-missing', subject: layer.diffId, reason: bytes.reason, count: 1 }] };
  }
  const cacheable = layer.verified && options.verify !== true;
  const known = cacheable ? options.cache?.get(layer.diffId, analyzers) : undefined;
  if (known !== undefined) return { facts: known, verified: true, cached: true, gaps: [] };
  const outcome = await readBytes(layer, analyzers, options);
  if (outcome.verified && outcome.facts.gaps.length === 0) options.cache?.put(layer.diffId, analyzers, outcome.facts);
  return outcome;
}

async function readBytes(layer: OpenedLayer, analyzers: readonly Analyzer[], options: AnalyseOptions): Promise<LayerOutcome> {
  const { bytes } = layer;
  if (bytes.kind === 'overlay') {
    const { opaque } = options;
    if (opaque === undefined) throw new Error('a layer read in place needs somebody who can tell its opaque directories');
    const overlay = { opaque: (paths: readonly string[]) => opaque(bytes.directory, paths) };
    return { facts: await analyseDirectory(bytes.directory, analyzers, { signal: options.signal, overlay }), verified: true, cached: false, gaps: [] };
  }
  if (bytes.kind === 'missing') throw new Error('a missing layer has no bytes');
  const compression = compressionOf(bytes.content);
  if (compression === 'none' && options.verify !== true && !layer.verified) return readClaimed(layer.diffId, bytes.content, analyzers, options);
  const { facts, blob } = await analyseStreamed(bytes.content, compression, analyzers, options.signal);
  const gaps: Gap[] = [];
  if (facts.diffId !== undefined && facts.diffId !== layer.diffId) {
    gaps.push({ kind: 'digest-mismatch', subject: layer.diffId, reason: `the layer's content has the digest ${facts.diffId}`, count: 1 });
  }
  if (facts.diffId !== undefined && bytes.blob !== undefined && bytes.blob.startsWith('sha256:') && bytes.blob !== blob) {
    gaps.push({ kind: 'digest-mismatch', subject: bytes.blob, reason: `the blob's content has the digest ${blob}`, count: 1 });
  }
  return { facts, verified: facts.diffId !== undefined && gaps.length === 0, cached: false, gaps };
}

/** A layer of a file archive, of which only headers and wanted files are read: its diff id stays a claim. */
async function readClaimed(diffId: string, content: Content, analyzers: readonly Analyzer[], { cache, signal }: AnalyseOptions): Promise<LayerOutcome> {
  if (cache === undefined) return { facts: await analyseSeekable(content, analyzers, signal), verified: false, cached: false, gaps: [] };
  const known = cache.recall(diffId, analyzers, content);
  if (known !== undefined) return { facts: known, verified: false, cached: true, gaps: [] };
  const watch = watched(content);
  const facts = await analyseSeekable(watch.content, analyzers, signal);
  if (facts.gaps.length === 0) cache.keep(diffId, analyzers, content, facts, watch.witness());
  return { facts, verified: false, cached: false, gaps: [] };
}

import { createHash } from 'node:crypto';
import type { Image } from '@palisade/model/image';
import { messageOf } from '@palisade/model/error';
import { z } from 'zod';
import { UnreadableImage } from '../error.ts';
import { limits } from '../limits.ts';
import type { HistoryEntry, ImageConfig } from './opened-image.ts';

const strings = z.array(z.string()).nullish();
const Config = z.looseObject({
  architecture: z.string().optional(),
  os: z.string().optional(),
  variant: z.string().optional(),
  created: z.string().nullish(),
  config: z
    .looseObject({
      User: z.string().optional(),
      Env: strings,
      Entrypoint: strings,
      Cmd: strings,
      Labels: z.record(z.string(), z.string()).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      WorkingDir: z.string().optional(),
      Healthcheck: z.looseObject({ Test: z.array(z.string()).optional() }).nullish(),
    })
    .nullish(),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()).max(limits.layers) }),
  history: z.array(z.looseObject({ created: z.string().optional(), created_by: z.string().optional(), comment: z.string().optional(), empty_layer: z.boolean().optional() })).nullish(),
});

/** Reads an image config; throws UnreadableImage naming the subject and what is wrong with it. */
export function parseConfig(bytes: Uint8Array, subject: string): ImageConfig {
  try {
    return Config.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))) as ImageConfig;
  } catch (error) {
    throw new UnreadableImage(`${subject}: not an image config: ${messageOf(error)}`, {}, error);
  }
}

/** The image's noun from its config. `sizes` are the layers' uncompressed bytes, in order, 0 where unknown. */
export function describeImage(bytes: Uint8Array, config: ImageConfig, extra: { digest?: string; names?: readonly string[]; base?: string }): Image {
  const instructions = layerInstructions(config);
  const baseLayers = countBaseLayers(config.history ?? []);
  const platform = [config.os ?? 'linux', config.architecture ?? 'unknown', ...(config.variant === undefined || config.variant === '' ? [] : [config.variant])].join('/');
  return {
    id: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    ...(extra.digest === undefined ? {} : { digest: extra.digest }),
    platform,
    created: config.created ?? null,
    layers: config.rootfs.diff_ids.map((diffId, index) => ({ diffId, instruction: instructions[index] ?? '', size: 0, base: index < baseLayers })),
    ...(config.config?.User === undefined ? {} : { user: config.config.User }),
    ...(config.config?.Labels == null ? {} : { labels: { ...config.config.Labels } }),
    ...(extra.names === undefined || extra.names.length === 0 ? {} : { names: [...extra.names] }),
    ...(extra.base === undefined ? {} : { base: extra.base }),
  };
}

/** History entries that made a layer, in order: the n-th is the n-th layer's instruction. */
function layerInstructions(config: ImageConfig): string[] {
  return (config.history ?? []).filter((entry) => entry.empty_layer !== true).map((entry) => tidyInstruction(entry.created_by || (entry.comment ?? '')));
}

/** "/bin/sh -c #(nop)  CMD [x]" → "CMD [x]"; "/bin/sh -c apt-get …" → "RUN apt-get …". */
export function tidyInstruction(createdBy: string): string {
  const nop = /^\/bin\/sh -c #\(nop\)\s*/.exec(createdBy);
  if (nop !== null) return createdBy.slice(nop[0].length).trim();
  const run = /^(?:\|\d+ .*? )?\/bin\/sh -c\s+/.exec(createdBy);
  if (run !== null) return `RUN ${createdBy.slice(run[0].length).trim()}`;
  return createdBy.replace(/\s*# buildkit$/, '').trim();
}

/**
 * How many layers come from the base image, judged by history alone: base images end with their own CMD or
 * ENTRYPOINT, and a build that follows adds further layers after it. Without such a mark the first layer alone
 * is the base when more follow (it holds the distribution), and nothing is when it stands alone.
 */
export function countBaseLayers(history: readonly HistoryEntry[]): number {
  let layers = 0;
  let base = 0;
  const total = history.filter((entry) => entry.empty_layer !== true).length;
  for (const entry of history) {
    if (entry.empty_layer !== true) layers += 1;
    else if (/^(CMD|ENTRYPOINT)\b/.test(tidyInstruction(entry.created_by ?? '')) && layers < total) base = layers;
  }
  if (base === 0 && total > 1) return 1;
  return base;
}

import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { ContainerEngine, EngineEvent, EngineImageDetail } from '../engine.ts';
import { EngineError } from '../error.ts';
import { describeContainer } from './describe-container.ts';
import { json, request } from './http.ts';

const Version = z.looseObject({ Version: z.string(), ApiVersion: z.string().optional() });
const ImageList = z.array(z.looseObject({ Id: z.string(), RepoTags: z.array(z.string()).nullish(), Created: z.number(), Size: z.number() }));
const ImageInspect = z.looseObject({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Created: z.string().nullish(),
  Size: z.number(),
  Architecture: z.string().optional(),
  Variant: z.string().optional(),
  Os: z.string().optional(),
  Config: z.record(z.string(), z.unknown()).nullish(),
  RootFS: z.looseObject({ Layers: z.array(z.string()).nullish() }),
  GraphDriver: z.looseObject({ Name: z.string(), Data: z.record(z.string(), z.string()).nullish() }).nullish(),
});
const History = z.array(z.looseObject({ CreatedBy: z.string().optional(), Created: z.number().optional(), Comment: z.string().optional(), Size: z.number().optional() }));
const ContainerList = z.array(z.looseObject({ Id: z.string() }));
const Event = z.looseObject({ Type: z.string(), Action: z.string(), Actor: z.looseObject({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }), timeNano: z.number().optional(), time: z.number().optional() });

/** Docker Engine API 1.24 and later, over a Unix socket (that of engine-guard, never the engine's own). */
export function dockerEngine(socketPath: string, place: { node: string; cluster: string }): ContainerEngine {
  const safe = encodeURIComponent;
  return {
    kind: 'docker',
    version: async () => Version.parse(await json(socketPath, '/version')).Version,
    async images() {
      const list = ImageList.parse(await json(socketPath, '/images/json'));
      return list.map((image) => ({ id: image.Id, names: realNames(image.RepoTags), created: new Date(image.Created * 1000).toISOString(), size: image.Size }));
    },
    async image(reference) {
      const [inspect, history] = await Promise.all([json(socketPath, `/images/${safe(reference)}/json`), json(socketPath, `/images/${safe(reference)}/history`)]);
      return describeImage(ImageInspect.parse(inspect), History.parse(history));
    },
    containers: async () => ContainerList.parse(await json(socketPath, '/containers/json?all=true')).map((one) => one.Id),
    async container(id) {
      try {
        return describeContainer(await json(socketPath, `/containers/${safe(id)}/json`), place);
      } catch (error) {
        if (error instanceof EngineError && error.status === 404) return undefined;
        throw error;
      }
    },
    async *events(signal) {
      const answer = await request(socketPath, 'GET', `/events?filters=${safe(JSON.stringify({ type: ['container', 'image'] }))}`, signal);
      for await (const line of lines(answer)) yield describeEvent(Event.parse(JSON.parse(line)));
      throw new EngineError('the container engine closed its stream of events', 503);
    },
    export: async (reference, signal) => (await request(socketPath, 'GET', `/images/${safe(reference)}/get`, signal)) as AsyncIterable<Uint8Array>,
    async act(id, action) {
      (await request(socketPath, 'POST', `/containers/${safe(id)}/${action}`)).resume();
    },
  };
}

function describeImage(inspect: z.infer<typeof ImageInspect>, history: z.infer<typeof History>): EngineImageDetail {
  const diffIds = inspect.RootFS.Layers ?? [];
  return {
    id: inspect.Id,
    names: realNames(inspect.RepoTags),
    created: inspect.Created ?? '',
    size: inspect.Size,
    digests: inspect.RepoDigests ?? [],
    diffIds,
    config: {
      architecture: inspect.Architecture,
      os: inspect.Os,
      ...(inspect.Variant === undefined || inspect.Variant === '' ? {} : { variant: inspect.Variant }),
      ...(inspect.Created == null ? {} : { created: inspect.Created }),
      config: inspect.Config ?? {},
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: markEmpty(history, diffIds.length),
    },
    directories: layerDirectories(inspect.GraphDriver, diffIds.length),
  };
}

/**
 * The engine's history (newest first) tells no empty layers, only sizes. Instructions that write nothing are known by
 * their word; where that leaves more than there are layers, the zero-sized ones go too.
 */
function markEmpty(history: z.infer<typeof History>, layers: number): { created_by: string; created?: string; comment?: string; empty_layer?: true }[] {
  const entries = [...history].reverse().map((entry) => ({ createdBy: entry.CreatedBy ?? '', comment: entry.Comment ?? '', size: entry.Size ?? 0, created: entry.Created ?? 0 }));
  const metadata = /#\(nop\)\s*(CMD|ENTRYPOINT|ENV|EXPOSE|LABEL|USER|VOLUME|STOPSIGNAL|HEALTHCHECK|MAINTAINER|ARG|SHELL|ONBUILD)\b|^(CMD|ENTRYPOINT|ENV|EXPOSE|LABEL|USER|VOLUME|STOPSIGNAL|HEALTHCHECK|MAINTAINER|ARG|SHELL|ONBUILD)\b/;
  const empty = entries.map((entry) => entry.size === 0 && metadata.test(entry.createdBy));
  for (let index = entries.length - 1; index >= 0 && empty.filter((one) => !one).length > layers; index -= 1) {
    if (entries[index]?.size === 0) empty[index] = true;
  }
  return entries.map((entry, index) => ({
    created_by: entry.createdBy,
    ...(entry.created > 0 ? { created: new Date(entry.created * 1000).toISOString() } : {}),
    ...(entry.comment === '' ? {} : { comment: entry.comment }),
    ...(empty[index] === true ? { empty_layer: true as const } : {}),
  }));
}

/** overlay2 keeps each layer's files in a directory of its own; LowerDir lists them from the top down. */
function layerDirectories(driver: z.infer<typeof ImageInspect>['GraphDriver'], layers: number): EngineImageDetail['directories'] {
  if (driver == null) return { unreadable: 'the engine names no storage driver' };
  if (driver.Name !== 'overlay2') return { unreadable: `storage driver ${driver.Name} is not read in place` };
  const upper = driver.Data?.['UpperDir'];
  if (upper === undefined) return { unreadable: 'the engine names no layer directory' };
  const lower = driver.Data?.['LowerDir'];
  const directories = [...(lower === undefined || lower === '' ? [] : lower.split(':').reverse()), upper];
  if (directories.length !== layers) return { unreadable: `the engine names ${directories.length} directories for ${layers} layers` };
  return directories;
}

const realNames = (tags: readonly string[] | null | undefined): string[] => (tags ?? []).filter((tag) => tag !== '<none>:<none>');

function describeEvent(event: z.infer<typeof Event>): EngineEvent {
  const seconds = event.timeNano === undefined ? (event.time ?? 0) : event.timeNano / 1e9;
  const name = event.Actor.Attributes?.['name'];
  return {
    at: new Date(seconds * 1000).toISOString(),
    type: event.Type === 'image' ? 'image' : 'container',
    action: event.Action,
    id: event.Actor.ID,
    ...(name === undefined ? {} : { name }),
  };
}

async function* lines(answer: IncomingMessage): AsyncGenerator<string, void> {
  let rest = '';
  answer.setEncoding('utf8');
  for await (const part of answer as AsyncIterable<string>) {
    rest += part;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end).trim();
      rest = rest.slice(end + 1);
      if (line !== '') yield line;
    }
    if (rest.length > 1 << 20) throw new EngineError('an event has more than 1 MiB', 502);
  }
}

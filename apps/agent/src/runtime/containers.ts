import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerOfEngine } from '@palisade/behaviour/container/of-engine';
import type { Slots } from '@palisade/behaviour/container/slots';
import type { ContainerEngine } from '@palisade/engine/engine';
import { messageOf } from '@palisade/model/error';
import { readSmall } from './proc.ts';

export type ContainerFollower = {
  /** A container showed up in the records before the engine told of it. */
  ask(id: string): void;
  /** The first process of a container, for its files; undefined where the engine has not told. */
  pid(id: string): number | undefined;
  /** A file of the container's image, for when no process of it is left to look through. */
  imageFile(id: string, file: string): string | undefined;
  /** The image's id, sha256:…, by the container's short id. */
  image(id: string): string | undefined;
};

/** Files of images that rules may ask about. */
const kept = ['/etc/passwd', '/etc/group'] as const;
const maxImages = 512;

/** Actions after which a container is another than before. */
const telling = /^(create|start|restart|rename|update|destroy|die|network:)/;

/**
 * Keeps the slots' descriptions up to date from a container engine. Engines tell of a container when it is made, before
 * it runs, so descriptions are mostly there at the first exec. `lost` says when the engine no longer answers.
 */
export function followContainers(options: { readonly engine: ContainerEngine; readonly slots: Slots; readonly bootTime: number; readonly signal: AbortSignal; described(id: string): void; gone(id: string): void; lost(reason: string): void }): ContainerFollower {
  const { engine, slots, signal } = options;
  const pids = new Map<string, number>();
  const asking = new Set<string>();
  const images = new Map<string, string>();
  const files = new Map<string, ReadonlyMap<string, string>>();

  async function look(id: string): Promise<void> {
    const short = id.slice(0, 12);
    if (asking.has(short)) return;
    asking.add(short);
    try {
      const container = await engine.container(id);
      if (container === undefined) {
        options.described(short); // another engine's: nothing better will come
        return;
      }
      await readImage(container.image);
      images.set(short, container.image);
      slots.describe(containerOfEngine(container, options.bootTime));
      if (container.pid > 0) pids.set(short, container.pid);
      options.described(short);
    } catch (error) {
      if (!signal.aborted) options.lost(messageOf(error));
    } finally {
      asking.delete(short);
    }
  }

  // Layers lie open to root only, and only with overlay2: elsewhere names come from running processes alone.
  async function readImage(image: string): Promise<void> {
    if (files.has(image)) return;
    if (files.size >= maxImages) files.clear();
    files.set(image, new Map());
    const { directories } = await engine.image(image);
    if (!Array.isArray(directories)) return;
    const texts = new Map<string, string>();
    for (const file of kept) {
      const text = topmost(directories as readonly string[], file);
      if (text !== undefined) texts.set(file, text);
    }
    files.set(image, texts);
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        const events = engine.events(signal)[Symbol.asyncIterator]();
        let next = events.next();
        next.catch(() => undefined);
        for (const id of await engine.containers()) await look(id);
        for (;;) {
          const event = await next;
          if (event.done === true) break;
          next = events.next();
          next.catch(() => undefined);
          const { type, action, id } = event.value;
          if (type !== 'container' || !telling.test(action)) continue;
          if (action === 'destroy') {
            slots.remove(id.slice(0, 12));
            pids.delete(id.slice(0, 12));
            images.delete(id.slice(0, 12));
            options.gone(id);
          } else void look(id);
        }
      } catch (error) {
        if (!signal.aborted) options.lost(messageOf(error));
      }
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
  }

  void follow();
  return { ask: (id) => void look(id), pid: (id) => pids.get(id), imageFile: (id, file) => files.get(images.get(id) ?? '')?.get(file), image: (id) => images.get(id) };
}

function topmost(directories: readonly string[], file: string): string | undefined {
  for (const directory of [...directories].reverse()) {
    const text = readSmall(path.join(directory, file));
    if (text !== undefined) return text;
  }
  return undefined;
}

import { closeSync, constants, openSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import type { OpaqueTest } from '@palisade/image/layer/opaque';
import type { EngineImagePlan } from '@palisade/image/source/engine-image';
import { hostPlatform, isDirectory, openFileAt, splitChoice } from '@palisade/image/place';
import { UnreadableSbom } from '@palisade/catalog/sbom/document';
import { messageOf } from '@palisade/model/error';
import { UsageError } from '../command.ts';
import type { Io } from '../command.ts';
import { mountsToSkip } from './mounts.ts';
import type { Target } from './target.ts';
import type { Source } from './worker/job.ts';

export type PrepareOptions = { readonly io: Io; readonly signal: AbortSignal; readonly platform?: string; readonly insecure: readonly string[]; readonly progress?: (done: number, total: number) => void };

/** A source ready to be read: `fd` holds its bytes, or it is `reads` by path, where `opaque` needs our rights. `close` gives everything back. */
export type Prepared = { readonly source: Source; readonly fd?: number; readonly reads: boolean; readonly opaque?: OpaqueTest; close(): void };

/** Does what needs the network, the engine or our rights: opening files, asking the engine, pulling. Parses nothing of the content. */
export async function prepare({ kind, ref }: Target, options: PrepareOptions): Promise<Prepared> {
  const platform = options.platform ?? hostPlatform;
  switch (kind) {
    case 'archive':
    case 'oci': {
      const [name, wanted] = splitChoice(ref);
      const choice = { platform, ...(wanted === undefined ? {} : { wanted }) };
      if (kind === 'oci' && isDirectory(name)) return { source: { kind: 'oci-directory', path: name, ...choice }, reads: true, close: () => {} };
      return withFile({ kind: kind === 'oci' ? 'oci-archive' : 'archive', name, ...choice }, openFileAt(name));
    }
    case 'sbom':
      return withFile({ kind: 'sbom', name: ref }, openSbom(ref));
    case 'dir':
      if (statSync(ref, { throwIfNoEntry: false })?.isDirectory() !== true) throw new UsageError(`dir:${ref}: no such directory`);
      return { source: { kind: 'directory', root: ref, skip: [...mountsToSkip(ref)] }, reads: true, close: () => {} };
    case 'registry': {
      const [{ pullImage }, { credentialsFor }] = await Promise.all([import('@palisade/image/source/registry/pull'), import('@palisade/image/source/registry/credentials')]);
      const { env } = options.io;
      const pulled = await pullImage(ref, {
        signal: options.signal,
        platform,
        insecure: options.insecure,
        credentials: (host) => credentialsFor(host, { env, home: env['HOME'] ?? homedir(), signal: options.signal }),
        ...(options.progress === undefined ? {} : { progress: options.progress }),
      });
      return withFile({ kind: 'registry', plan: pulled.plan }, pulled.fd);
    }
    case 'docker': {
      const { linkEngine } = await import('./engine-link.ts');
      const [link, { planEngineImage }, { opaqueTest }] = await Promise.all([linkEngine(options.io), import('@palisade/image/source/engine-image'), import('@palisade/image/layer/opaque')]);
      try {
        const opaque = opaqueTest();
        const { plan, fd } = await planEngineImage(link.engine, ref, { signal: options.signal, canReadInPlace: opaque !== undefined });
        const source = { kind: 'engine' as const, plan };
        return fd === undefined ? { source, reads: true, close: () => {}, ...(opaque === undefined ? {} : { opaque: ofPlan(plan, opaque) }) } : withFile(source, fd);
      } finally {
        link.close();
      }
    }
  }
}

/** A reader that was taken over may ask about the layers it was given, and about nothing else. */
function ofPlan(plan: EngineImagePlan, opaque: OpaqueTest): OpaqueTest {
  const directories = plan.kind === 'in-place' && !('unreadable' in plan.detail.directories) ? plan.detail.directories : [];
  return (directory, paths) => (directories.includes(directory) ? opaque(directory, paths) : []);
}

function withFile(source: Source, fd: number): Prepared {
  return { source, fd, reads: false, close: () => closeSync(fd) };
}

function openSbom(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new UnreadableSbom(file, '', messageOf(error));
  }
}

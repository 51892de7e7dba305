import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { download } from '@palisade/advisory/download';
import { feeds } from '@palisade/advisory/registry';
import { refuse } from '../errors.ts';
import type { Db } from '../postgres/database.ts';
import { advanceTask } from '../tasks/store.ts';
import type { TaskWork } from '../tasks/runner.ts';
import { installBundle } from './import.ts';
import { runSelf } from './self.ts';

/** What most images hold; Debian comes from its own tracker, which knows what is open and what will not be fixed. */
export const usualEcosystems = ['Alpine', 'Ubuntu', 'Rocky Linux', 'AlmaLinux', 'Red Hat', 'Wolfi', 'npm', 'PyPI', 'Go', 'Maven', 'RubyGems', 'NuGet', 'Packagist', 'crates.io'];

export type PullSource = { readonly kind: string; readonly title: string; readonly url: string; readonly name: string; readonly host: string };

/** Every file that a pull of these ecosystems asks for, and of whom. */
export function pullSources(ecosystems: readonly string[]): PullSource[] {
  return Object.entries(feeds).flatMap(([kind, feed]) => feed.fetcher.downloads({ ecosystems }).map((source) => ({ kind, title: feed.title, url: source.url, name: source.name, host: new URL(source.url).host })));
}

/**
 * Fetches the official sources, builds a bundle in a child process and puts it in use. What an interrupted run had
 * fetched of a file is continued. `folder` keeps the sources from pull to pull.
 */
export function pullWork(db: Db, folder: string, fetchFrom: typeof fetch): TaskWork {
  return async ({ id, startedBy, subject, signal }) => {
    const ecosystems = subject.split(',').filter((name) => name !== '');
    const sources = pullSources(ecosystems.length === 0 ? usualEcosystems : ecosystems);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const tell = async (progress: Parameters<typeof advanceTask>[2]): Promise<void> => {
      if (!(await advanceTask(db, id, progress))) throw refuse('conflict', 'ended by a person');
    };
    for (const [index, source] of sources.entries()) {
      const step = { phase: 'download', file: source.name, host: source.host, n: index + 1, of: sources.length };
      await tell({ step });
      let told = Date.now();
      const stop = new AbortController();
      let problem: unknown;
      await download(source, path.join(folder, source.name), {
        fetch: fetchFrom,
        signal: AbortSignal.any([signal, stop.signal]),
        progress: (done, total) => {
          if (Date.now() - told < 500) return;
          told = Date.now();
          tell({ done, total, step }).catch((error: unknown) => {
            problem = error;
            stop.abort(error);
          });
        },
      }).catch((error: unknown) => {
        throw problem ?? error;
      });
    }
    await tell({ step: { phase: 'build' } });
    const out = path.join(folder, `pulled-${id}.db`);
    try {
      const built = await runSelf(['feed', 'build', '--out', out, ...sources.map((source) => `${source.kind}=${path.join(folder, source.name)}`)], { heapMegabytes: 2048, minutes: 60 }, signal);
      if (built.code !== 0) throw refuse('invalid-bundle', built.err);
      await tell({ step: { phase: 'import' } });
      const { sha256 } = await installBundle(db, out, { name: startedBy }, { allowShrink: false, signal });
      return { sha256 };
    } finally {
      rmSync(out, { force: true });
    }
  };
}

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { ScanResult } from '@palisade/model/scan-result';
import { messageOf } from '@palisade/model/error';

/** `docker:sha256:…` or `dir:/`, and how the console is to file it. */
export type ScanJob = { readonly target: string; readonly source: 'image' | 'host' };

export type ScanQueueOptions = {
  readonly folder: string;
  /** A result counts as done only for the scanner that made it. */
  readonly version: string;
  scan(job: ScanJob): Promise<ScanResult>;
  done(job: ScanJob, result: ScanResult): void;
  failed(job: ScanJob, reason: string): void;
  readonly signal: AbortSignal;
  now?(): number;
};

/** An image that fails is not read again before this has passed, however often it is seen. */
const retryAfter = 3_600_000;

export type ScanQueue = {
  /** Queued unless already scanned by this version, waiting, or failed within the last hour; `again` scans in any case. */
  add(job: ScanJob, again?: boolean): void;
  /** What was scanned is scanned again when it is seen next. */
  forget(): void;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
};

const Memory = z.object({ version: z.string(), scanned: z.array(z.string()) });

/** Scans one at a time, in the order asked for; remembers across restarts what was scanned. */
export function createScanQueue(options: ScanQueueOptions): ScanQueue {
  const file = path.join(options.folder, 'scanned.json');
  const scanned = new Set(recall(file, options.version));
  const waiting = new Map<string, ScanJob>();
  const failedAt = new Map<string, number>();
  const now = options.now ?? Date.now;
  let running: string | undefined;
  let work = Promise.resolve();

  const remember = (): void => {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.fresh`, JSON.stringify({ version: options.version, scanned: [...scanned] }));
    renameSync(`${file}.fresh`, file);
  };
  const step = async (): Promise<void> => {
    const job = waiting.values().next().value;
    if (job === undefined || options.signal.aborted) return;
    waiting.delete(job.target);
    running = job.target;
    try {
      const result = await options.scan(job);
      options.done(job, result);
      if (result.status === 'failed') {
        failedAt.set(job.target, now());
        options.failed(job, result.gaps[0]?.reason ?? 'failed without a reason');
        return;
      }
      scanned.add(job.target);
      failedAt.delete(job.target);
      remember();
    } catch (error) {
      failedAt.set(job.target, now());
      if (!options.signal.aborted) options.failed(job, messageOf(error));
    } finally {
      running = undefined;
    }
  };
  return {
    add(job, again = false) {
      if (waiting.has(job.target) || (!again && (running === job.target || scanned.has(job.target) || now() - (failedAt.get(job.target) ?? -retryAfter) < retryAfter))) return;
      waiting.set(job.target, job);
      work = work.then(step);
    },
    forget() {
      scanned.clear();
      failedAt.clear();
      remember();
    },
    idle: () => work,
  };
}

function recall(file: string, version: string): string[] {
  try {
    const memory = Memory.parse(JSON.parse(readFileSync(file, 'utf8')));
    return memory.version === version ? memory.scanned : [];
  } catch {
    // Absent on first start; damaged, everything is scanned once more.
    return [];
  }
}

import { readFileSync, readSync, readlinkSync, writeSync } from 'node:fs';
import { createLayerCache } from '@palisade/image/cache/cache';
import { messageOf } from '@palisade/model/error';
import type { Command } from '../command.ts';
import { linkedStore } from '../scan/worker/cache-link.ts';
import type { Confinement, Job } from '../scan/worker/job.ts';
import { perform } from '../scan/worker/perform.ts';

// Bytes come on descriptor 3, the cache is on 4, job and answers on 5. Not on the standard ones: Node makes those
// non-blocking as soon as anything touches their streams, and a synchronous write would then fail half way.
const talk = 5;

/** The confined process that reads hostile bytes. */
export const command: Command = {
  summary: { en: 'read one target (started by scan)', 'zh-CN': '读取一个目标（由 scan 启动）' },
  usage: 'palisade __scan-worker',
  ends: 'at once',
  async run(_, io) {
    say({ ready: confinement() });
    const job = JSON.parse(hear()) as Job;
    const bytesComeAlong = !['oci-directory', 'directory'].includes(job.source.kind) && !(job.source.kind === 'engine' && job.source.plan.kind === 'in-place');
    try {
      const { scan, drafts, notices } = await perform(job, bytesComeAlong ? 3 : undefined, {
        signal: io.signal,
        ...(job.cache ? { cache: createLayerCache(linkedStore(4)) } : {}),
        opaque(directory, directories) {
          say({ directory, directories });
          return JSON.parse(hear()) as string[];
        },
        progress: (done, total) => say({ progress: [done, total] }),
      });
      const { target: _target, ...told } = scan;
      say({ done: { scan: told, drafts, notices } });
    } catch (error) {
      say({ error: messageOf(error) });
    }
    return 0;
  },
};

/** Synchronous: what was said is out, whatever happens next. */
function say(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(talk, bytes, offset);
}

let heard: Buffer = Buffer.alloc(0);

/** The parent's next line. */
function hear(): string {
  const part = Buffer.alloc(64 << 10);
  for (let end = heard.indexOf(10); ; end = heard.indexOf(10)) {
    if (end >= 0) {
      const line = heard.toString('utf8', 0, end);
      heard = heard.subarray(end + 1);
      return line;
    }
    const got = readSync(talk, part, 0, part.length, null);
    if (got === 0) throw new Error('the scan went away');
    heard = Buffer.concat([heard, part.subarray(0, got)]);
  }
}

function confinement(): Confinement {
  const status = readFileSync('/proc/self/status', 'latin1');
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return { uid: process.getuid?.() ?? 0, capabilities: field('CapEff'), noNewPrivileges: field('NoNewPrivs') === '1', network: readlinkSync('/proc/self/ns/net') };
}

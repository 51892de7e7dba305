import { readFileSync, readlinkSync, writeSync } from 'node:fs';
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
  async run(_, io) {
    say({ ready: confinement() });
    const job = JSON.parse(readFileSync(talk, 'utf8')) as Job;
    const bytesComeAlong = !['oci-directory', 'directory'].includes(job.source.kind) && !(job.source.kind === 'engine' && job.source.plan.kind === 'in-place');
    try {
      const { scan, drafts, notices } = await perform(job, bytesComeAlong ? 3 : undefined, {
        signal: io.signal,
        ...(job.cache ? { cache: createLayerCache(linkedStore(4)) } : {}),
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

function confinement(): Confinement {
  const status = readFileSync('/proc/self/status', 'latin1');
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return { uid: process.getuid?.() ?? 0, capabilities: field('CapEff'), noNewPrivileges: field('NoNewPrivs') === '1', network: readlinkSync('/proc/self/ns/net') };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningConsole } from '@palisade/app-console/start';
import { scanProgress } from '@palisade/app-console/local-agent';
import type { Io } from '../command.ts';

/** Tells how far the first scans are, until everything present has a result or the command ends. */
export async function followScans(db: RunningConsole['context']['db'], io: Io): Promise<void> {
  const zh = io.locale === 'zh-CN';
  let said = '';
  while (!io.signal.aborted) {
    // The database may be starting again; the console itself says so.
    const now = await scanProgress(db).catch(() => undefined);
    if (now !== undefined && now.total > 0) {
      const line = zh ? `扫描：${now.total} 个中已完成 ${now.done} 个` : `scans: ${now.done} of ${now.total} done`;
      if (line !== said) io.err(io.progress ? `\r${line}` : `${line}\n`);
      said = line;
      if (now.done === now.total) {
        if (io.progress) io.err('\n');
        return;
      }
    }
    await sleep(1000, undefined, { signal: io.signal }).catch(() => undefined);
  }
}

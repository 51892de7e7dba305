import type { Reporter } from '../report.ts';
import type { Spool } from './spool.ts';

/** Makes a gap, with its time range, of what a full disk or a full spool cost since the last call. */
export function reportDropped(spool: Spool, report: Reporter, name: string, log: (message: string) => void): void {
  const dropped = spool.takeDropped();
  if (dropped === undefined) return;
  log(`the spool is full: ${dropped.count} items dropped`);
  report.gaps('agent-spool', [{ kind: 'spool-dropped', subject: name, since: dropped.since, until: dropped.until, reason: 'the disk or the spool was full; the oldest items were dropped', count: dropped.count }]);
}

import { hostProc } from '@palisade/app-agent/host-proc';
import { processStart } from '@palisade/app-agent/sensor/process-start';

/** Names the process that a child must not outlive. Read by `parentGone`. */
export const parentVariable = 'PALISADE_PARENT';

/**
 * Aborts when the process named in PALISADE_PARENT is no longer this one's parent, however it ended; never without
 * that variable. The parent names itself: asked for here, a parent that died early would be taken for init.
 */
export function parentGone(env: Readonly<Record<string, string | undefined>>): AbortSignal {
  const gone = new AbortController();
  const parent = Number(env[parentVariable] ?? 0);
  if (parent > 0) {
    const look = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(look);
      gone.abort(new Error('the parent process ended'));
    }, 500).unref();
  }
  return gone.signal;
}

/** Names a process of the host, with its start in ns since boot, that the node container must not outlive: PID:START. */
export const hostParentVariable = 'PALISADE_HOST_PARENT';

/** This process as another in a container of the same host knows it. */
export function hostParent(): string {
  return `${process.pid}:${processStart(process.pid, '/proc') ?? 0}`;
}

/** Asks the container's first process, our supervisor, to end when the process named in PALISADE_HOST_PARENT has. */
export function endWithHostParent(env: Readonly<Record<string, string | undefined>>): void {
  const [pid = 0, start = 0] = (env[hostParentVariable] ?? '').split(':').map(Number);
  if (pid <= 0) return;
  const look = setInterval(() => {
    if (processStart(pid, hostProc) === start) return;
    clearInterval(look);
    process.kill(1, 'SIGTERM');
  }, 500).unref();
}

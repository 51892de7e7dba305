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

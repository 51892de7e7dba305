import type { Io } from '../../command.ts';

/** A progress line on stderr, at a terminal and only after a second; `end` takes it away again. */
export function progressLine(io: Io): { show(text: string): void; end(): void } {
  const start = Date.now();
  let last = 0;
  let drawn = false;
  return {
    show(text) {
      const now = Date.now();
      if (!io.progress || now - start < 1000 || now - last < 100) return;
      last = now;
      drawn = true;
      io.err(`\r\u001b[K${text}`);
    },
    end() {
      if (drawn) io.err('\r\u001b[K');
    },
  };
}

import type { Io } from '../command.ts';

/** One line at a terminal that says which table is done; nothing elsewhere. */
export function progressLine(io: Io): { show(table: string, rows: number): void; end(): void } {
  let drawn = false;
  return {
    show(table, rows) {
      if (!io.progress) return;
      drawn = true;
      io.err(`\r\u001b[K${table}: ${rows}`);
    },
    end() {
      if (drawn) io.err('\r\u001b[K');
    },
  };
}

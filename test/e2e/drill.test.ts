import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

// The drills of the small image: one act of each class of attack and six kinds of honest work, decided by the product's
// own pack on live events. PALISADE_DRILL=all runs every drill there is (the image is built from packages, some minutes).

const root = path.resolve(import.meta.dirname, '../..');
const short = ['small-reverse-shell/exec', 'small-escape/core-pattern', 'small-lateral/ports', 'small-miner/name', 'small-backdoor/jobs', 'small-transfer/pipe', 'small-malware/copy', 'small-control/polled', 'small-site', 'small-backup', 'small-jobs', 'small-installer', 'small-shells', 'small-administrator'];
const whole = process.env['PALISADE_DRILL'] === 'all';

test('the pack catches an attack of each class and leaves honest work alone', { timeout: whole ? 3_600_000 : 240_000 }, async () => {
  const { code, out, err } = await new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(path.join(root, 'palisade'), ['drill', 'run', ...(whole ? [] : short), '--jobs', '3'], { env: { ...process.env, PALISADE_DEV: '1', LANG: 'C' }, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, out: stdout, err: stderr }));
  });
  expect(out.split('\n').filter((line) => line.startsWith('FAIL')), err).toEqual([]);
  if (!whole) expect(out).toContain(`${short.length} passed, 0 failed`);
  expect(code).toBe(0);
});

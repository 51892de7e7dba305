import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cgroupOfContainer, rulesCalls } from './sensor/attach-set.ts';

// What the sensor costs a watched container, beside a floor of empty programs on the same hooks, and beside an enter/exit
// pair. Interleaved rounds, minimum of each. `sensor-overhead.ts [ROUNDS]`, 12 by default; run it on an idle machine.

const root = path.resolve(import.meta.dirname, '../..');
const place = mkdtempSync(path.join(tmpdir(), 'palisade-overhead-'));
const rounds = Number(process.argv[2] ?? 12);
const rows = { getppid: 2_000_000, open: 400_000, dd: 1_000_000, exec: 1200 } as const;
type Row = keyof typeof rows;
const group = cgroupOfContainer('0be0'.repeat(16));
const { calls, words } = rulesCalls();

execFileSync('gcc', ['-O2', '-o', `${place}/work`, `${import.meta.dirname}/sensor/work.c`]);
execFileSync('gcc', ['-O2', '-o', `${place}/floor`, `${import.meta.dirname}/sensor/floor.c`, '-lbpf', '-lelf', '-lz']);
execFileSync('clang', ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`, '-c', `${import.meta.dirname}/sensor/floor.bpf.c`, '-o', `${place}/floor.o`]);

const modes: Readonly<Record<string, readonly string[]>> = {
  none: [],
  floor: ['unshare', '-m', 'sh', '-c', 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$0" "$@"', `${place}/floor`, `${place}/floor.o`, 'empty', ...calls],
  sensor: [path.join(root, 'sensor/build/warden'), 'run', ...words, 'dns'],
  pair: [`${place}/floor`, `${place}/floor.o`, 'pair'],
};

async function measure(command: readonly string[], best: Map<Row, number>): Promise<void> {
  const [program, ...rest] = command;
  const child = program === undefined ? undefined : spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  child?.stdout.resume();
  if (child !== undefined) await new Promise<void>((resolve) => child.stdout.on('data', (chunk: Buffer) => chunk.includes('armed') && resolve()));
  for (const row of Object.keys(rows) as Row[]) {
    // The container is entered by the shell, so that what is measured starts inside it.
    const run = spawn('sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec ${place}/work ${row} ${rows[row]}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    run.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(run, 'close');
    best.set(row, Math.min(best.get(row) ?? Number.POSITIVE_INFINITY, Number(text)));
  }
  child?.stdin.end();
  if (child !== undefined) await once(child, 'close');
}

mkdirSync(group, { recursive: true }); // an interrupted run leaves it behind
const best = new Map(Object.keys(modes).map((mode) => [mode, new Map<Row, number>()]));
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const [mode, command] of Object.entries(modes)) await measure(command, best.get(mode) ?? new Map());
  }
} finally {
  rmdirSync(group);
  rmSync(place, { recursive: true });
}
const of = (mode: string, row: Row): number => best.get(mode)?.get(row) ?? Number.NaN;
process.stdout.write(`${calls.length} tracepoints, ${rounds} rounds, minimum of each, ns an act; load ${readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' ')}\n`);
for (const row of Object.keys(rows) as Row[]) {
  const none = of('none', row);
  const floor = of('floor', row);
  const cells = Object.keys(modes).map((mode) => `${mode} ${of(mode, row).toFixed(0)} (${(of(mode, row) / none).toFixed(2)}x, +${(of(mode, row) - none).toFixed(0)})`);
  const limit = row === 'getppid' ? none + 90 : none * (row === 'exec' ? 1.05 : 1.3);
  const sensor = of('sensor', row);
  process.stdout.write(`${row.padEnd(8)} ${cells.join('  ')}  sensor/floor ${(sensor / floor).toFixed(3)} ${sensor <= floor * 1.1 && sensor <= limit ? 'within' : 'PAST'} its target\n`);
}

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startMonitor } from '@palisade/app-agent/runtime/monitor';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { dataPath } from '../conformance-data.ts';

// Ring buffer to rules, live: two processes call setuid as fast as they can (or, with a second argument, open a file for
// writing so many times a second in all); every call is decided or counted as lost. Needs root and a built sensor. Target: 400,000 a second
// without loss, and beyond that kept + lost = made.

const each = Number(process.argv[2] ?? 1_000_000);
const perSecond = Number(process.argv[3] ?? 0);
const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'palisade-live-'));
const source = `#include <fcntl.h>\n#include <stdlib.h>\n#include <time.h>\n#include <unistd.h>
int main(int c, char **v) { long n = atol(v[1]), rate = atol(v[2]); struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
for (long i = 0; i < n; i++) { if (rate) { int f = open(v[3], O_WRONLY|O_CREAT, 0600); if (f >= 0) close(f); } else if (setuid(0)) return 1;
if (rate && i % 100 == 99) { t.tv_nsec += 100000000000L / rate; while (t.tv_nsec >= 1000000000) { t.tv_nsec -= 1000000000; t.tv_sec++; } clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0); } } return 0; }`;
writeFileSync(path.join(folder, 'opens.c'), source);
execFileSync('gcc', ['-O2', '-o', path.join(folder, 'opens'), path.join(folder, 'opens.c')]);

let lost = 0;
const controller = new AbortController();
const rules = existsSync(dataPath('falco/falco_rules.yaml')) ? readFileSync(dataPath('falco/falco_rules.yaml'), 'utf8') : '';
const monitor = await startMonitor({
  program: path.join(root, 'sensor/build/warden'),
  procRoot: '/proc',
  load(context) {
    const set = loadRules([{ name: 'falco_rules.yaml', content: rules }], context);
    return { rules: set.rules, windows: [] };
  },
  onMatch: () => undefined,
  onWindow: () => undefined,
  onGap: (gap) => void (lost += gap.kind.startsWith('sensor-loss') ? gap.count : 0),
  signal: controller.signal,
});
const before = monitor.pipeline.events;
const cpu = process.cpuUsage();
const started = performance.now();
const makers = [0, 1].map(() => spawn(path.join(folder, 'opens'), [String(each), String(perSecond / 2), path.join(folder, 'file')], { stdio: 'ignore' }));
await Promise.all(makers.map((maker) => once(maker, 'close')));
const made = (performance.now() - started) / 1000;
await monitor.warden.stop();
const took = (performance.now() - started) / 1000;
const used = process.cpuUsage(cpu);
controller.abort();
const total = 2 * each;
const seen = monitor.pipeline.events - before;
const memory = process.memoryUsage();
const mib = (bytes: number): number => Math.round(bytes / 1048576);
process.stdout.write(`made ${total} in ${made.toFixed(2)} s (${Math.round(total / made)}/s), decided ${seen}, lost ${lost} (all records of the machine), decided + lost >= made: ${String(seen + lost >= total)}\n`);
process.stdout.write(`decided ${Math.round(seen / took)}/s of wall time, ${Math.round(seen / ((used.user + used.system) / 1e6))}/s of this process's CPU time; resident ${mib(memory.rss)} MiB (heap ${mib(memory.heapTotal)}, buffers ${mib(memory.arrayBuffers)})\n`);
rmSync(folder, { recursive: true, force: true });

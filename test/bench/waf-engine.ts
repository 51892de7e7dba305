import { rmSync } from 'node:fs';
import { memoryStore } from '@palisade/waf/engine/store';
import type { RuleSet } from '@palisade/waf/load';
import { unpack } from '../conformance-data.ts';
import { loadCrs, serve } from './waf/crs.ts';
import { generator, kinds, request, sized } from './waf/requests.ts';
import type { Sample } from './waf/requests.ts';
import { naive } from './waf/naive.ts';

// The engine alone, one core, every request different. Arguments: [--long] runs a million requests for the memory figure.
// Targets: 60 / 90 / 210 / 1,500 µs a request; cost linear in the body; 150 MB resident; loaded within 1.5 s.

const targets = [60, 90, 210, 1500];

type Timing = { readonly median: number; readonly p99: number; readonly min: number };
function time(samples: readonly Sample[], run: (sample: Sample) => void): Timing {
  const times = samples.map((sample) => {
    const start = process.hrtime.bigint();
    run(sample);
    return Number(process.hrtime.bigint() - start) / 1000;
  }).sort((a, b) => a - b);
  return { median: times[times.length >> 1]!, p99: times[Math.floor(times.length * 0.99)]!, min: times[0]! };
}

function speed(ruleSet: RuleSet): void {
  const store = memoryStore(1000);
  for (const [index, kind] of kinds.entries()) {
    const random = generator(index + 1);
    const batch = (count: number): Sample[] => Array.from({ length: count }, () => request(kind, random));
    const scale = kind.startsWith('JSON') ? 10 : 1;
    for (const sample of batch(3000 / scale)) serve(ruleSet, sample, false, store);
    const fast = time(batch(10_000 / scale), (sample) => void serve(ruleSet, sample, false, store));
    const plain = time(batch(300 / scale), (sample) => void serve(ruleSet, sample, true, store));
    const loop = naive(ruleSet);
    for (const sample of batch(100)) loop(sample);
    const bare = time(batch(1000 / scale), loop);
    const flagged = batch(300 / scale).filter((sample) => serve(ruleSet, sample, false, store).matches.some(({ log }) => log)).length;
    process.stdout.write(`${kind}: median ${fast.median.toFixed(0)} µs (${(fast.median / targets[index]!).toFixed(2)} of the target), p99 ${fast.p99.toFixed(0)}, min ${fast.min.toFixed(0)}; plain interpreter ${(plain.median / fast.median).toFixed(1)}x, naive regex loop ${(bare.median / fast.median).toFixed(1)}x; flagged ${flagged} of ${300 / scale}\n`);
  }
}

function growth(ruleSet: RuleSet): void {
  const random = generator(99);
  const figures = [1, 10, 100, 1000].map((kilobytes) => {
    const runs = kilobytes === 1000 ? 7 : 60;
    const samples = Array.from({ length: runs }, () => sized(random, kilobytes * 1000));
    return { kilobytes, median: time(samples, (sample) => void serve(ruleSet, sample)).median };
  });
  for (const { kilobytes, median } of figures) process.stdout.write(`body of ${kilobytes} KB: ${median.toFixed(0)} µs, ${(median / kilobytes).toFixed(1)} µs a KB\n`);
}

function memory(ruleSet: RuleSet, count: number): void {
  const random = generator(7);
  const store = memoryStore();
  const marks: number[] = [];
  for (let step = 0; step < 10; step += 1) {
    for (let at = 0; at < count / 10; at += 1) serve(ruleSet, request(kinds[at % 20 === 0 ? 2 : at % 2]!, random), false, store);
    marks.push(Math.round(process.memoryUsage.rss() / 1e6));
  }
  process.stdout.write(`resident memory over ${count} requests: ${marks.join(' ')} MB\n`);
}

for (const version of ['3.3.4', '4.28.0']) {
  const folder = unpack(`crs-${version}-rules.tar.gz`);
  try {
    const start = performance.now();
    const ruleSet = loadCrs(folder);
    serve(ruleSet, request('GET', generator(0)));
    process.stdout.write(`\nCRS ${version}, paranoia level 1, ${ruleSet.count} rules: loaded, first request answered after ${(performance.now() - start).toFixed(0)} ms\n`);
    if (process.argv.includes('--memory')) memory(ruleSet, 1_000_000);
    else {
      speed(ruleSet);
      growth(ruleSet);
      memory(ruleSet, 20_000);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { conformance, unpack } from '../conformance-data.ts';
import { explainer, reasons } from './waf-oracle-differences.ts';
import { engines } from './waf-oracle.ts';
import type { Sent } from './waf-traffic.ts';
import { listed, ordinary, suite } from './waf-traffic.ts';

// PALISADE_ORACLE=full compares over 12,000 requests (some minutes); the suite takes a sample of each kind.
const full = process.env['PALISADE_ORACLE'] === 'full';
const sample = (all: Sent[], count: number): Sent[] => (full ? all : all.filter((_, at) => at % Math.ceil(all.length / count) === 0));

function libraryThere(): boolean {
  try {
    execFileSync('python3', ['-c', 'import ctypes; ctypes.CDLL("libmodsecurity.so.3")'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const name = 'verdicts of libmodsecurity 3';
if (!libraryThere() && process.env['CI'] !== 'true') it.skip(`${name}: libmodsecurity3 is absent`, () => {});
else conformance(name, ['crs-3.3.4-rules.tar.gz', 'crs-3.3.4-tests.tar.gz', 'crs-4.28.0-rules.tar.gz', 'crs-4.28.0-tests.tar.gz', 'libinjection-data.tar.gz'], () => {
  const folders = new Map<string, string>();
  const scratch = mkdtempSync(path.join(tmpdir(), 'palisade-oracle-'));
  const folder = (archive: string): string => folders.get(archive)!;
  beforeAll(() => {
    for (const archive of ['crs-3.3.4-rules', 'crs-3.3.4-tests', 'crs-4.28.0-rules', 'crs-4.28.0-tests', 'libinjection-data']) folders.set(archive, unpack(`${archive}.tar.gz`));
  });
  afterAll(() => {
    for (const made of [...folders.values(), scratch]) rmSync(made, { recursive: true, force: true });
  });

  /** Compares both engines; answers how often each reason stood for a difference. */
  async function compare(version: string, paranoia: number, all: readonly Sent[]): Promise<{ readonly equal: number; readonly matched: number; readonly by: Record<string, number> }> {
    const both = engines(folder(`crs-${version}-rules`), paranoia, scratch);
    const explain = explainer(both.ruleSet);
    const running = both.theirs(all);
    const verdicts = all.map(both.mine);
    const theirs = await running;
    expect(theirs).toHaveLength(all.length);
    const by: Record<string, number> = {};
    let [equal, matched] = [0, 0];
    const open: unknown[] = [];
    for (const [at, sent] of all.entries()) {
      const mine = verdicts[at]!;
      if (mine.ids.length > 0) matched += 1;
      if (JSON.stringify(mine) === JSON.stringify(theirs[at])) equal += 1;
      else {
        const why = explain(sent, mine, theirs[at]!);
        if (why === undefined) open.push({ sent, mine, theirs: theirs[at] });
        else for (const one of new Set(why)) by[one] = (by[one] ?? 0) + 1;
      }
    }
    if (full) process.stderr.write(`CRS ${version} at level ${paranoia}: ${equal} of ${all.length} equal, ${matched} with a match, differences ${JSON.stringify(by)}\n`);
    expect(open).toEqual([]);
    return { equal, matched, by };
  }

  const tests = (version: string): Sent[] => suite(folder(`crs-${version}-tests`));
  it.each([
    ['3.3.4', 1, () => [...sample(tests('3.3.4'), 80), ...listed(folder('libinjection-data'), full ? 2500 : 60, 1), ...ordinary(full ? 4000 : 80, 2)], 180],
    ['4.28.0', 1, () => [...sample(tests('4.28.0'), 60), ...listed(folder('libinjection-data'), full ? 1000 : 20, 5)], 60],
    ['3.3.4', 4, () => [...sample(tests('3.3.4'), 30), ...listed(folder('libinjection-data'), full ? 1000 : 15, 3), ...ordinary(full ? 500 : 15, 4)], 50],
  ] as const)('are those of CRS %s at paranoia level %i, but for what is explained', async (version, paranoia, all, least) => {
    const requests = all();
    const { equal, matched, by } = await compare(version, paranoia, requests);
    expect(requests.length).toBeGreaterThanOrEqual(full ? 2500 : least);
    expect(matched).toBeGreaterThan(least / 4);
    expect(equal / requests.length).toBeGreaterThan(0.8);
    expect(Object.keys(by).every((reason) => reasons.some(({ name: known }) => known === reason))).toBe(true);
  }, 600_000);
});

import { readFileSync } from 'node:fs';
import type { Reporter, TestModule, TestCase } from 'vitest/node';

/**
 * Ends a run with `N passed, N failed` from the runner's own tallies, and fails it when a test was
 * skipped whose full name is not listed, with its reason, in test/skips.txt (`name-part :: reason`).
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tally = { passed: 0, failed: unhandled.length, skipped: 0 };
    const unlisted: string[] = [];
    const listed: string[] = [];
    const allowed = allowedSkips();
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) tally.failed += 1;
      for (const test of module.children.allTests()) this.#count(test, tally, allowed, unlisted, listed);
    }
    for (const line of listed) process.stdout.write(`skipped (listed): ${line}\n`);
    for (const name of unlisted) process.stdout.write(`skipped without a listed reason: ${name}\n`);
    if (unlisted.length > 0) process.exitCode = 1;
    process.stdout.write(`\n${tally.passed} passed, ${tally.failed + unlisted.length} failed\n`);
  }

  #count(test: TestCase, tally: { passed: number; failed: number; skipped: number }, allowed: Skip[], unlisted: string[], listed: string[]): void {
    const state = test.result().state;
    if (state === 'passed') tally.passed += 1;
    else if (state === 'failed') tally.failed += 1;
    else {
      tally.skipped += 1;
      const skip = allowed.find((entry) => test.fullName.includes(entry.name));
      if (skip === undefined) unlisted.push(test.fullName);
      else listed.push(`${test.fullName}: ${skip.reason}`);
    }
  }
}

type Skip = { name: string; reason: string };

function allowedSkips(): Skip[] {
  const text = readFileSync(new URL('../test/skips.txt', import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.includes('::'))
    .map((line) => {
      const [name, reason] = line.split('::');
      return { name: (name ?? '').trim(), reason: (reason ?? '').trim() };
    });
}

import { defineConfig } from 'vitest/config';

// Three projects behind one door: unit tests never touch the network, conformance reads real data,
// e2e starts real engines, databases and browsers.
export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.{ts,tsx}', 'apps/*/test/**/*.test.{ts,tsx}', 'scripts/test/**/*.test.ts'],
          setupFiles: ['./test/poison-network.ts'],
          testTimeout: process.env['PALISADE_FUZZ'] === undefined ? 20_000 : 3_600_000,
        },
      },
      { test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          globalSetup: [],
        },
      },
    ],
  },
});

/**
 * How Node runs a firewall worker. Patterns without look-around never backtrack without bound under the first flag: V8
 * hands them to its linear engine. A small young generation and early collections: a third to two thirds less memory
 * with CRS loaded.
 */
export const workerFlags: readonly string[] = ['--enable-experimental-regexp-engine-on-excessive-backtracks', '--max-semi-space-size=2', '--heap-growing-percent=20'];

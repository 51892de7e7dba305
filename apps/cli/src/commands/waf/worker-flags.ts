import type { Io } from '../../command.ts';

/**
 * How Node runs a firewall worker. Patterns without look-around never backtrack without bound under the first flag: V8
 * hands them to its linear engine. Early collections and a young generation that is small but holds several bodies: V8's
 * own takes twice the memory with CRS loaded, and one of 2 MB is emptied for every sixth body of 300 JSON leaves.
 */
export const workerFlags: readonly string[] = ['--enable-experimental-regexp-engine-on-excessive-backtracks', '--max-semi-space-size=8', '--heap-growing-percent=20'];

/** The workers' user where none is named: the one that the images have for what needs no rights. */
export const workerUser = 65_532;

/** What `warden front` starts, given the file with its settings. */
export function frontCommand(io: Io, settings: string): string[] {
  return [io.self[0] ?? process.execPath, ...workerFlags, ...io.self.slice(1), '__waf-front', settings];
}

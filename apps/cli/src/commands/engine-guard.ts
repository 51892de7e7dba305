import { rmSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { parentGone } from '../parent.ts';

/** Internal: the child process that holds the engine's socket. Ends with its parent's SIGTERM, or when its parent is gone. */
export const command: Command = {
  summary: { en: 'guard an engine socket (internal)', 'zh-CN': '守护引擎套接字（内部）' },
  usage: 'palisade __engine-guard ENGINE_SOCKET LISTEN',
  async run(args, io) {
    const [engineSocket, listen] = args;
    if (engineSocket === undefined || listen === undefined) throw new UsageError('usage: palisade __engine-guard ENGINE_SOCKET LISTEN');
    const { startGuard } = await import('@palisade/app-engine-guard/server');
    const server = await startGuard({ engineSocket, listen, refused: (call) => io.err(`refused ${call.method} ${call.path}: ${call.reason}\n`) });
    const over = AbortSignal.any([io.signal, parentGone(io.env)]);
    await new Promise<void>((resolve) => {
      if (over.aborted) resolve();
      else over.addEventListener('abort', () => resolve(), { once: true });
    });
    server.close();
    server.closeAllConnections();
    // A killed parent can't tidy up: the socket and its folder (only if nothing else lies in it) go with us.
    rmSync(listen, { force: true });
    try {
      rmdirSync(path.dirname(listen));
    } catch {
      // The parent was first, or the folder is someone else's.
    }
    return 0;
  },
};

import { existsSync } from 'node:fs';
import path from 'node:path';
import { startConsole } from '@palisade/app-console/start';
import type { RunningConsole } from '@palisade/app-console/start';
import { readSettings } from '@palisade/app-console/settings';
import type { Io } from '../command.ts';
import { shippedPatches } from '../commands/waf/shipped-patches.ts';
import { packRules } from '../commands/rules/pack-rules.ts';
import { productVersion } from '../product-version.ts';

/** Starts a console as the environment says and tells where it is. Throws when an address is taken, naming it. */
export async function openConsole(io: Io): Promise<RunningConsole> {
  const zh = io.locale === 'zh-CN';
  io.err(zh ? 'palisade：正在启动控制台…\n' : 'palisade: starting the console…\n');
  const running = await startConsole(readSettings({ PALISADE_LOG: io.progress ? 'warn' : 'info', ...io.env }), { version: productVersion, web: webFolder(), ...packRules(io), virtualPatches: shippedPatches() }).catch((error: unknown) => {
    throw addressInUse(error, io) ?? error;
  });
  io.out(zh ? `控制台：${running.url}\n` : `console: ${running.url}\n`);
  io.out(zh ? `节点代理网关：${running.agentUrl}\n` : `agent gateway: ${running.agentUrl}\n`);
  if (running.firstRun !== undefined) io.out(zh ? `首次使用，请打开此一次性链接（24 小时内有效）创建管理员：${running.firstRun}\n` : `first run: create the administrator with this one-time link (24 h): ${running.firstRun}\n`);
  return running;
}

/** Resolves when the user ends the command. */
export async function untilEnded(io: Io): Promise<void> {
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    else io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  io.err(io.locale === 'zh-CN' ? 'palisade：正在停止…\n' : 'palisade: stopping…\n');
}

function addressInUse(error: unknown, io: Io): Error | undefined {
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code !== 'EADDRINUSE') return undefined;
  const where = `${address ?? ''}:${port ?? ''}`;
  return new Error(io.locale === 'zh-CN' ? `${where} 已被占用：用 PALISADE_LISTEN 或 PALISADE_AGENT_LISTEN 指定另一个 HOST:PORT` : `${where} is taken by another program: name another HOST:PORT in PALISADE_LISTEN or PALISADE_AGENT_LISTEN`, { cause: error });
}

/** dist/web, whether this runs from source (apps/cli/src/console) or from the build (dist/cli/chunks). */
function webFolder(): string | undefined {
  let folder = import.meta.dirname;
  for (let up = 0; up < 6; up += 1) {
    const candidate = path.join(folder, 'dist', 'web');
    if (existsSync(path.join(candidate, 'index.html'))) return candidate;
    folder = path.dirname(folder);
  }
  return undefined;
}

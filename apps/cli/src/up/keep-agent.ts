import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Io } from '../command.ts';
import { parentVariable } from '../parent.ts';
import type { NodeContainer } from './node-container.ts';

const restartAfter = 1000;
/** An agent that dies sooner than this has something that a restart won't mend at once. */
const soon = 10_000;
const longestPause = 60_000;

/** Exit codes of `docker run` when the container never ran. */
const neverRan = new Set(['125', '126', '127']);

/**
 * Runs `palisade agent`, in the container or as a child, and starts it again when it dies, until `stop`. What it says
 * goes to PALISADE_HOME/agent/agent.log. `join` is used for the first start only; a container that the engine does not
 * start is given up for processes.
 */
export function keepAgent({ io, home, join, args: agentArgs, container: given }: { io: Io; home: string; join: string | undefined; args: readonly string[]; container: NodeContainer | undefined }): { stop(): Promise<void> } {
  let container = given;
  const zh = io.locale === 'zh-CN';
  const folder = path.join(home, 'agent');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const logFile = path.join(folder, 'agent.log');
  const ending = new AbortController();
  let child: ChildProcess | undefined;

  const launch = (token: string | undefined): ChildProcess => {
    const log = openSync(logFile, 'a', 0o600);
    try {
      if (container !== undefined) return container.launch(log, token, agentArgs);
      const [program = process.execPath, ...args] = io.self;
      // The token goes by environment: a command line is for every user to read. Its own process group: a
      // terminal's Ctrl-C reaches us first, and the agent is ended in order.
      return spawn(program, [...args, 'agent', ...agentArgs], { stdio: ['ignore', log, log], detached: true, env: { ...io.env, PALISADE_HOME: home, [parentVariable]: String(process.pid), ...(token === undefined ? {} : { PALISADE_JOIN: token }) } });
    } finally {
      closeSync(log);
    }
  };
  const leave = async (): Promise<void> => {
    const last = container;
    container = undefined;
    await last?.end();
    last?.close();
  };
  const watch = async (): Promise<void> => {
    let token = join;
    let pause = restartAfter;
    while (!ending.signal.aborted) {
      const started = Date.now();
      child = launch(token);
      const how = await ended(child);
      if (ending.signal.aborted) return;
      if (container !== undefined && neverRan.has(how)) {
        io.err(zh ? `palisade：引擎未能启动节点容器（${how}），节点代理改以进程方式运行；日志：${logFile}\n` : `palisade: the engine did not start the node container (${how}); the agent runs as processes; its log: ${logFile}\n`);
        await leave();
        continue;
      }
      token = undefined;
      pause = Date.now() - started < soon ? Math.min(longestPause, pause * 2) : restartAfter;
      io.err(zh ? `palisade：节点代理已退出（${how}），${pause / 1000} 秒后重启；日志：${logFile}\n` : `palisade: the agent ended (${how}); it is started again in ${pause / 1000} s; its log: ${logFile}\n`);
      await sleep(pause, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  io.out(zh ? `节点代理：${join === undefined ? '已注册' : '正在注册'}，日志：${logFile}\n` : `agent: ${join === undefined ? 'enrolled' : 'enrolling'}, log: ${logFile}\n`);
  const watching = watch();
  return {
    async stop() {
      ending.abort();
      const last = child;
      if (last !== undefined && last.exitCode === null && last.signalCode === null) {
        last.kill('SIGTERM');
        const late = setTimeout(() => last.kill('SIGKILL'), container === undefined ? 10_000 : 25_000);
        await ended(last);
        clearTimeout(late);
      }
      await watching;
      await leave();
    },
  };
}

function ended(child: ChildProcess): Promise<string> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(String(child.exitCode ?? child.signalCode));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(String(code ?? signal)));
  });
}

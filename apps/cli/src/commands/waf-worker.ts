import { baseSettings } from '@palisade/app-waf/serve/settings';
import { startWorker } from '@palisade/app-waf/serve/worker';
import type { RunningWorker } from '@palisade/app-waf/serve/worker';
import { messageOf } from '@palisade/model/error';
import type { RuleSet } from '@palisade/waf/load';
import type { Command } from '../command.ts';
import { parentGone } from '../parent.ts';
import { loadAnyRuleFiles } from './waf/rule-files.ts';
import { toAgent } from './waf/to-agent.ts';
import { serveOptions } from './waf/serve-options.ts';

/** Seconds that requests under way get when the worker ends. */
const grace = 10;

/** Internal: one worker of `waf serve`, with the same arguments. Says where it listens over its IPC channel. */
export const command: Command = {
  summary: { en: 'one worker of the web application firewall (internal)', 'zh-CN': 'Web 应用防火墙的一个工作进程（内部）' },
  usage: 'palisade __waf-worker (see palisade waf serve)',
  hangup: 'own',
  async run(args, io) {
    const options = serveOptions(args, io.cwd);
    const load = (): Promise<RuleSet> => loadAnyRuleFiles(options.rules, io.cwd, baseSettings(options.paranoia), (line) => io.err(`palisade waf: ${line}`));
    const agent = toAgent(io);
    let worker: RunningWorker | undefined;
    // From the first moment: asked while the rules are still being read, the signal must not end the process.
    const reload = async (): Promise<void> => {
      try {
        const next = await load();
        worker?.replace(next);
        io.err('palisade waf: rules read again\n');
      } catch (error) {
        io.err(`palisade waf: the old rules stay at work: ${messageOf(error)}\n`);
      }
    };
    const onHangup = (): void => void reload();
    process.on('SIGHUP', onHangup);
    worker = await startWorker(options.worker, await load(), (event) => {
      const line = JSON.stringify(event);
      io.out(`${line}\n`);
      agent.send(line);
    }, (line) => io.err(`palisade waf: ${line}\n`));
    process.send?.({ address: worker.address });
    // The channel was for that one word; open, it would keep an orphan alive.
    process.disconnect?.();
    const over = AbortSignal.any([io.signal, parentGone(io.env)]);
    await new Promise<void>((resolve) => {
      if (over.aborted) resolve();
      else over.addEventListener('abort', () => resolve(), { once: true });
    });
    process.off('SIGHUP', onHangup);
    await worker.close(grace);
    if (agent.lost() > 0) io.err(`palisade waf: ${agent.lost()} events did not reach this machine's agent\n`);
    agent.close();
    return 0;
  },
};

import { readFileSync } from 'node:fs';
import { startFrontWorker } from '@palisade/app-waf/front/worker';
import { FrontSettings } from '@palisade/model/waf-front';
import { baseSettings } from '@palisade/app-waf/serve/settings';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { loadRuleFiles } from './waf/rule-files.ts';
import { toSocket } from './waf/to-agent.ts';

/** Internal: one worker in front of containers' ports, started by `warden front`. */
export const command: Command = {
  summary: { en: 'one firewall worker in front of containers (internal)', 'zh-CN': '位于容器前的一个防火墙工作进程（内部）' },
  usage: 'palisade __waf-front FILE (see palisade waf protect)',
  hangup: 'own',
  async run(args, io) {
    const [file] = args;
    if (file === undefined) throw new UsageError('__waf-front needs the file with its settings');
    const readSettings = (): FrontSettings => FrontSettings.parse(JSON.parse(readFileSync(file, 'utf8')));
    const events = toSocket(readSettings().events);
    const worker = startFrontWorker({
      readSettings,
      loadRules: (site) => loadRuleFiles(site.rules, site.folder, `${baseSettings(site.paranoia)}\n${site.before}`, (line) => io.err(`palisade waf: ${line}`)),
      event: (event) => events.send(JSON.stringify(event)),
      log: (message) => io.err(`palisade waf: ${message}\n`),
    });
    await Promise.race([worker.ended, new Promise<void>((resolve) => io.signal.addEventListener('abort', () => resolve(), { once: true }))]);
    if (events.lost() > 0) io.err(`palisade waf: ${events.lost()} events were lost: nobody took them\n`);
    events.close();
    // Connections still open now have had their time.
    setTimeout(() => process.exit(0), 500).unref();
    process.disconnect?.();
    return 0;
  },
};

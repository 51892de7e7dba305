import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Io } from '../command.ts';
import { parentVariable } from '../parent.ts';

/** One alert about one container. `delay`: milliseconds from the act to its line. */
export type Alert = { readonly rule: string; readonly priority: string; readonly output: string; readonly container: string; readonly delay: number };

export type Watcher = { of(container: string): readonly Alert[]; stop(): Promise<void>; readonly lost: readonly string[] };

/** `palisade watch` as a child, exactly as a user runs it; resolves when it is armed. `record`: a file for its trace. */
export async function startWatcher(io: Io, socket: string, rules: readonly string[], record?: string): Promise<Watcher> {
  const [program = process.execPath, ...self] = io.self;
  const child = spawn(program, [...self, 'watch', '--format', 'json', ...rules.flatMap((file) => ['--rules', file]), ...(record === undefined ? [] : ['--record', record])], { stdio: ['ignore', 'pipe', 'pipe'], cwd: io.cwd, env: { ...io.env, LANG: 'C', LC_ALL: 'C', DOCKER_HOST: `unix://${socket}`, [parentVariable]: String(process.pid) } });
  const alerts = new Map<string, Alert[]>();
  const lost: string[] = [];
  let said = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    const now = Date.now();
    const alert = JSON.parse(line) as { rule: string; priority: string; output: string; time: string; output_fields: { readonly 'container.id'?: string } };
    const container = alert.output_fields['container.id'] ?? '';
    const list = alerts.get(container) ?? [];
    list.push({ rule: alert.rule, priority: alert.priority, output: alert.output, container, delay: now - Date.parse(alert.time) });
    alerts.set(container, list);
  });
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said = `${said}${line}\n`.slice(-2000);
      if (line.startsWith('armed:')) resolve();
      if (/^gap (?:events-lost|sensor-loss|ring)/.test(line)) lost.push(line);
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`watch did not start: ${said.trim()}`)));
  });
  return {
    of: (container) => alerts.get(container.slice(0, 12)) ?? [],
    lost,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

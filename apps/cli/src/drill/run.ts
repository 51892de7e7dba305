import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Docker } from './docker.ts';
import type { Scenario } from './scenario.ts';
import type { Alert, Watcher } from './watcher.ts';

const execute = promisify(execFile);

/** Alarms: what wakes a person. Notices and below are a record. */
const alarming = new Set(['Emergency', 'Alert', 'Critical', 'Error', 'Warning']);
/** Addresses that lead back into the container: an attacker's machine without a network. */
const addresses = ['203.0.113.10/32', '198.51.100.10/32', '2001:db8::10/128'] as const;
/** Alerts of the last act are on their way for at most this long. */
const settle = 700;

export type Outcome = {
  readonly id: string;
  readonly variant: string;
  readonly kind: Scenario['kind'];
  readonly class: Scenario['class'];
  /** "noticed": told, but below warning, since honest work does the same. */
  readonly result: 'caught' | 'noticed' | 'missed' | 'quiet' | 'false-alarm' | 'broken';
  readonly rules: readonly string[];
  /** Milliseconds from the first alarming act to its alert. */
  readonly delay?: number;
  /** Why it is broken, or the alarm's words. */
  readonly detail?: string;
};

export type Place = { readonly docker: Docker; readonly image: string; readonly folder: string; readonly watcher: Watcher };

/** Runs one variant in a container of its own and says what the sensor made of it. */
export async function runVariant(scenario: Scenario, variant: Scenario['variants'][number], place: Place): Promise<Outcome> {
  const { docker, image, watcher } = place;
  const folder = mkdtempSync(path.join(place.folder, 'run-'));
  chmodSync(folder, 0o755);
  writeFileSync(path.join(folder, 'job'), variant.run, { mode: 0o755 });
  // The script must not begin before the addresses are there: the container waits for a file.
  writeFileSync(path.join(folder, 'entry'), 'until [ -e /job/go ]; do sleep 0.05; done\nbash /job/job > /job/out 2>&1\necho $? > /job/code\nsleep 1\n', { mode: 0o755 });
  writeFileSync(path.join(folder, 'out'), '', { mode: 0o666 });
  chmodSync(path.join(folder, 'out'), 0o666);
  chmodSync(folder, 0o777);
  const base = { id: scenario.id, variant: variant.name, kind: scenario.kind, class: scenario.class };
  const { container } = scenario;
  const made = await docker([
    'run', '-d', '--network', 'none', '--sysctl', 'net.ipv6.conf.all.disable_ipv6=0', '-v', `${folder}:/job`, ...container.capabilities.flatMap((name) => ['--cap-add', name]), ...container.mounts.flatMap((mount) => ['-v', mount]),
    ...(container.hostPid ? ['--pid', 'host'] : []), ...(container.unconfined ? ['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'] : []),
    ...(container.user === undefined ? [] : ['--user', container.user]), image, 'sh', '/job/entry',
  ]);
  const id = made.out.split('\n').at(-1) ?? '';
  try {
    if (made.code !== 0 || !/^[0-9a-f]{64}$/.test(id)) return { ...base, result: 'broken', rules: [], detail: made.err };
    const pid = (await docker(['inspect', '--format', '{{.State.Pid}}', id])).out;
    for (const address of addresses) await execute('nsenter', ['-t', pid, '-n', 'ip', 'addr', 'add', address, 'dev', 'lo']);
    if (scenario.exec) {
      // An administrator's shell: typed into `docker exec`, with a terminal.
      const typed = await docker(['exec', '-t', id, 'bash', '-ic', `bash /job/job > /job/out 2>&1; echo $? > /job/code`], { seconds: scenario.timeout });
      if (typed.code === 137) return { ...base, result: 'broken', rules: [], detail: 'the script hangs' };
    } else {
      writeFileSync(path.join(folder, 'go'), '');
      const over = await docker(['wait', id], { seconds: scenario.timeout });
      if (over.code !== 0) return { ...base, result: 'broken', rules: [], detail: 'the script hangs' };
    }
    await sleep(settle);
    return { ...base, ...judged(scenario.kind, watcher.of(id)) };
  } catch (error) {
    return { ...base, result: 'broken', rules: [], detail: String(error) };
  } finally {
    if (id !== '') await docker(['rm', '-f', id]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function judged(kind: Scenario['kind'], alerts: readonly Alert[]): Pick<Outcome, 'result' | 'rules' | 'delay' | 'detail'> {
  const alarms = alerts.filter(({ priority }) => alarming.has(priority));
  const rules = [...new Set(alarms.map(({ rule }) => rule))];
  const [first] = alarms;
  if (first === undefined && kind === 'attack' && alerts[0] !== undefined) return { result: 'noticed', rules: [...new Set(alerts.map(({ rule }) => rule))], delay: alerts[0].delay };
  if (first === undefined) return { result: kind === 'attack' ? 'missed' : 'quiet', rules, ...(alerts.length === 0 ? {} : { detail: `below warning: ${[...new Set(alerts.map(({ rule }) => rule))].join(', ')}` }) };
  return { result: kind === 'attack' ? 'caught' : 'false-alarm', rules, delay: first.delay, ...(kind === 'benign' ? { detail: first.output } : {}) };
}

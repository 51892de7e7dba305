import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
/** Alerts of the last act are on their way for about this long; an attack's may be late on a busy machine. */
const settle = 700;
const patience = 10_000;

export type Outcome = {
  readonly id: string;
  readonly variant: string;
  /** First twelve characters of the container it ran in. */
  readonly container?: string;
  readonly kind: Scenario['kind'];
  readonly class: Scenario['class'];
  /** "noticed": told, but below warning: enough only where the variant says why. */
  readonly result: 'caught' | 'noticed' | 'missed' | 'quiet' | 'false-alarm' | 'broken';
  readonly rules: readonly string[];
  /** Milliseconds from the first alarming act to its alert. */
  readonly delay?: number;
  readonly passed: boolean;
  /** Why it is broken, or the alarm's words. */
  readonly detail?: string;
};

export type Place = { readonly docker: Docker; readonly images: Readonly<Record<Scenario['image'], string>>; readonly folder: string; readonly watcher: Watcher };

/** Runs one variant in a container of its own and says what the sensor made of it. */
export async function runVariant(scenario: Scenario, variant: Scenario['variants'][number], place: Place): Promise<Outcome> {
  const { docker, watcher } = place;
  const image = place.images[scenario.image];
  const shell = scenario.image === 'busybox' ? 'sh' : 'bash';
  const folder = mkdtempSync(path.join(place.folder, 'run-'));
  chmodSync(folder, 0o755);
  writeFileSync(path.join(folder, 'job'), variant.run, { mode: 0o755 });
  // The script must not begin before the addresses are there: the container waits for a file.
  writeFileSync(path.join(folder, 'entry'), `until [ -e /job/go ]; do sleep 0.05; done\n${shell} /job/job > /job/out 2>&1\necho $? > /job/code\nsleep 1\n`, { mode: 0o755 });
  writeFileSync(path.join(folder, 'out'), '', { mode: 0o666 });
  chmodSync(path.join(folder, 'out'), 0o666);
  chmodSync(folder, 0o777);
  const base = { id: scenario.id, variant: variant.name, kind: scenario.kind, class: scenario.class };
  const broken = (detail: string): Outcome => ({ ...base, result: 'broken', passed: false, rules: [], detail });
  const { container } = scenario;
  const made = await docker([
    'run', '-d', '--network', 'none', '--sysctl', 'net.ipv6.conf.all.disable_ipv6=0', '-v', `${folder}:/job`, ...container.capabilities.flatMap((name) => ['--cap-add', name]), ...container.mounts.flatMap((mount) => ['-v', mount]),
    ...(container.hostPid ? ['--pid', 'host'] : []), ...(container.unconfined ? ['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'] : []),
    ...(container.user === undefined ? [] : ['--user', container.user]), image, 'sh', '/job/entry',
  ]);
  const id = made.out.split('\n').at(-1) ?? '';
  try {
    if (made.code !== 0 || !/^[0-9a-f]{64}$/.test(id)) return broken(made.err);
    const pid = (await docker(['inspect', '--format', '{{.State.Pid}}', id])).out;
    for (const address of addresses) await execute('nsenter', ['-t', pid, '-n', 'ip', 'addr', 'add', address, 'dev', 'lo']);
    if (scenario.exec) {
      // An administrator's shell: typed into `docker exec`, with a terminal.
      const typed = await docker(['exec', '-t', id, shell, '-ic', `${shell} /job/job > /job/out 2>&1; echo $? > /job/code`], { seconds: scenario.timeout });
      if (typed.code === 137) return broken('the script hangs');
    } else {
      writeFileSync(path.join(folder, 'go'), '');
      const over = await docker(['wait', id], { seconds: scenario.timeout });
      if (over.code !== 0) return broken('the script hangs');
    }
    await sleep(settle);
    const alarmed = (): boolean => watcher.of(id).some(({ priority }) => alarming.has(priority));
    for (let waited = 0; scenario.kind === 'attack' && variant.noticeOnly === undefined && !alarmed() && waited < patience; waited += 100) await sleep(100);
    const fault = scriptFault(folder, scenario.kind);
    if (fault !== undefined) return broken(fault);
    return { ...base, container: id.slice(0, 12), ...judged(scenario.kind, variant.noticeOnly !== undefined, watcher.of(id)) };
  } catch (error) {
    return broken(String(error));
  } finally {
    if (id !== '') await docker(['rm', '-f', id]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A script that did not do what it says tells nothing. Attacks may fail (the kernel refuses many), but not for want of a tool. */
function scriptFault(folder: string, kind: Scenario['kind']): string | undefined {
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8').trim();
  const said = read('out');
  const code = read('code');
  const missing = said.split('\n').find((line) => /: command not found|^\/job\/job: .*: not found$|Can't locate |ModuleNotFoundError/.test(line));
  if (missing !== undefined) return `the script could not run: ${missing}`;
  return kind === 'benign' && code !== '0' ? `the script ended with ${code}: ${said.split('\n').slice(-3).join(' | ')}` : undefined;
}

function judged(kind: Scenario['kind'], noticeDoes: boolean, alerts: readonly Alert[]): Pick<Outcome, 'result' | 'passed' | 'rules' | 'delay' | 'detail'> {
  const alarms = alerts.filter(({ priority }) => alarming.has(priority));
  const rules = [...new Set(alarms.map(({ rule }) => rule))];
  const [first] = alarms;
  if (first !== undefined) return { result: kind === 'attack' ? 'caught' : 'false-alarm', passed: kind === 'attack', rules, delay: first.delay, ...(kind === 'benign' ? { detail: first.output } : {}) };
  const below = [...new Set(alerts.map(({ rule }) => rule))];
  if (kind === 'benign') return { result: 'quiet', passed: true, rules, ...(below.length === 0 ? {} : { detail: `below warning: ${below.join(', ')}` }) };
  if (alerts[0] !== undefined) return { result: 'noticed', passed: noticeDoes, rules: below, delay: alerts[0].delay, ...(noticeDoes ? {} : { detail: 'below warning' }) };
  return { result: 'missed', passed: false, rules };
}

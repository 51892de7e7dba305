import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestEngine } from '../../scripts/test-engine.ts';
import { startTestEngine } from '../../scripts/test-engine.ts';
import { conformance, dataPath } from '../conformance-data.ts';
import type { Watch } from './runtime/stage.ts';
import { buildImage, docker, startWatch } from './runtime/stage.ts';

// One act a rule, in a throw-away container named after the act, so that an alert is told by its container's name.
const server = '#!/bin/sh\ncase "$1" in\nold) sleep 6; read line < /etc/shadow;;\nshell) /bin/sh -c "id > /dev/null; true";;\nlogin) /bin/id > /dev/null; true;;\nesac\n';
const acts: readonly (readonly [rule: string, options: readonly string[], command: readonly string[]])[] = [
  ['Directory traversal monitored file read', [], ['cat', '/tmp/../tmp/../etc/passwd']],
  ['Read sensitive file trusted after startup', [], ['/bin/nginx', 'old']],
  ['Read sensitive file untrusted', [], ['cat', '/etc/shadow']],
  ['Run shell untrusted', [], ['/bin/nginx', 'shell']],
  ['System user interactive', ['--user', '1'], ['/bin/sshd', 'login']],
  ['Terminal shell in container', ['--tty'], ['sh', '-c', 'true']],
  ['Contact K8S API Server From Container', ['--add-host', 'kubernetes.default.svc.cluster.local:127.0.0.1'], ['sh', '-c', 'actor connect 127.0.0.1 443; sleep 1']],
  ['Netcat Remote Code Execution in Container', [], ['nc', '-w', '1', '127.0.0.1', '9', '-e', '/bin/true']],
  ['Search Private Keys or Passwords', [], ['find', '/root', '-name', 'id_rsa']],
  ['Clear Log Activities', [], ['sh', '-c', ': > /var/log/syslog']],
  ['Remove Bulk Data from Disk', [], ['shred', '/tmp/nothing']],
  ['Create Symlink Over Sensitive Files', [], ['ln', '-s', '/etc/shadow', '/tmp/soft']],
  ['Create Hardlink Over Sensitive Files', [], ['ln', '/etc/shadow', '/tmp/hard']],
  ['Packet socket created in container', [], ['actor', 'packet']],
  ['Redirect STDOUT/STDIN to Network Connection in Container', [], ['sh', '-c', 'nc -l -p 9999 < /dev/null & sleep 1; nc 127.0.0.1 9999 -e /bin/true']],
  ['Detect release_agent File Container Escapes', ['--cap-add', 'SYS_ADMIN'], ['sh', '-c', 'echo x > /tmp/release_agent']],
  ['PTRACE attached to process', ['--cap-add', 'SYS_PTRACE'], ['actor', 'attach']],
  ['PTRACE anti-debug attempt', [], ['actor', 'traceme']],
  ['Find AWS Credentials', [], ['grep', '-r', 'aws_secret_access_key', '/root']],
  ['Execution from /dev/shm', [], ['sh', '-c', 'echo true > /dev/shm/x; /bin/sh /dev/shm/x']],
  ['Drop and execute new binary in container', [], ['sh', '-c', 'cp /bin/busybox /tmp/true; /tmp/true']],
  ['Disallowed SSH Connection Non Standard Port', ['--cap-add', 'NET_ADMIN'], ['sh', '-c', 'ip addr add 203.0.113.1/32 dev lo; nc -l -p 443 & sleep 1; ssh connect 203.0.113.1 443']],
  ['Fileless execution via memfd_create', [], ['actor', 'memory']],
];
/** Ordinary work that no rule of Falco's stable set is about. */
const ordinary: readonly (readonly string[])[] = [
  ['sh', '-c', 'for i in 1 2 3; do echo $i >> /tmp/list; done; sort /tmp/list | uniq > /tmp/sorted; cat /etc/passwd > /dev/null'],
  ['sh', '-c', 'tar -cf /tmp/a.tar /bin/busybox; gzip /tmp/a.tar; ls -l /tmp > /tmp/listing; mkdir /tmp/d; ln -s /tmp/a /tmp/b; mv /tmp/b /tmp/d/'],
  ['sh', '-c', 'nc -l -p 8080 < /etc/passwd > /dev/null & sleep 1; nc -w 1 127.0.0.1 8080 < /dev/null > /dev/null'],
];

conformance('Falco stable rules on live events', ['falco/falco_rules.yaml'], () => {
  let engine: TestEngine;
  let watch: Watch;
  beforeAll(async () => {
    engine = await startTestEngine();
    buildImage(engine, 'shop/web:1.2', { 'bin/nginx': server, 'bin/sshd': server });
    watch = await startWatch(engine, [dataPath('falco/falco_rules.yaml')]);
  });
  afterAll(async () => {
    await watch.stop();
    await engine.stop();
  });

  const run = (name: string, options: readonly string[], command: readonly string[]): Promise<string> => docker(engine, 'run', '--detach', '--network', 'none', '--name', name, ...options, 'shop/web:1.2', ...command);
  const nameOf = (rule: string): string => `act-${acts.findIndex(([other]) => other === rule)}`;

  test('23 rules fire on 23 acts in containers', async () => {
    const queue = [...acts];
    const worker = async (): Promise<void> => {
      for (let act = queue.shift(); act !== undefined; act = queue.shift()) await run(nameOf(act[0]), act[1], act[2]);
    };
    await Promise.all([worker(), worker(), worker()]);
    const missed: string[] = [];
    for (const [rule] of acts) {
      const alert = await watch.until((one) => one.rule === rule && one.output_fields['container.name'] === nameOf(rule)).catch(() => undefined);
      if (alert === undefined) missed.push(`${rule}; said: ${watch.said()}`);
      else expect(alert.output_fields['container.image.repository']).toBe('shop/web');
    }
    expect(missed).toEqual([]);
    expect(acts).toHaveLength(23);
  });

  test('ordinary work beside it is silent', async () => {
    await Promise.all(ordinary.map((command, index) => run(`ordinary-${index}`, [], command)));
    await docker(engine, 'wait', ...ordinary.map((_, index) => `ordinary-${index}`));
    await sleep(300);
    expect(watch.alerts.filter((alert) => String(alert.output_fields['container.name']).startsWith('ordinary')).map((alert) => alert.output)).toEqual([]);
  });

  test('an alert is in Falco\'s form and comes within a fifth of a second', () => {
    const alert = watch.alerts.find((one) => one.rule === 'Read sensitive file untrusted');
    expect(Object.keys(alert ?? {}).sort()).toEqual(['hostname', 'output', 'output_fields', 'priority', 'rule', 'seen', 'source', 'tags', 'time']);
    expect(alert).toMatchObject({ priority: 'Warning', source: 'syscall', output_fields: { 'user.name': 'root', 'fd.name': '/etc/shadow', 'container.image.tag': '1.2' } });
    const delays = watch.alerts.map((one) => one.seen - Date.parse(one.time)).sort((a, b) => a - b);
    expect(delays[Math.floor(delays.length / 2)]).toBeLessThan(200);
  });
});

test('what cannot be watched is said, what has no tracepoint is seen, an end is clean and counted', async () => {
  const rules = path.join('/tmp', `palisade-watch-${process.pid}.yaml`);
  writeFileSync(rules, '- rule: Quiet\n  desc: never\n  condition: evt.type in (semop, connect) and proc.name=nobody-has-this-name\n  output: x\n  priority: INFO\n- rule: Module\n  desc: no kernel without modules has a tracepoint for it\n  condition: evt.type=init_module and proc.name=python3\n  output: "%evt.res %evt.arg.uargs"\n  priority: INFO\n');
  const watch = await startWatch(undefined, [rules]);
  expect(watch.said()).toContain('gap rule-silent Quiet: semop is not recorded');
  expect(watch.said()).toContain('gap engine-absent');
  execFileSync('python3', ['-c', 'import ctypes; ctypes.CDLL(None).syscall(175 if __import__("os").uname().machine == "x86_64" else 105, 0, 0, b"given=1")']);
  expect((await watch.until((alert) => alert.rule === 'Module')).output).toMatch(/E[A-Z]+/);
  expect(await watch.stop()).toBe(0);
  expect(watch.said()).toMatch(/\d+ events, 1 alerts/);
  rmSync(rules);
});

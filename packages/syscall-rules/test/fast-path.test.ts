import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRuleEngine } from '../src/engine.ts';
import type { Container, Event, Fd, Process } from '../src/event.ts';
import { hostContainer } from '../src/event.ts';
import { eventTypeByName } from '../src/event-types/table.ts';
import { loadRules } from '../src/ruleset.ts';

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
});

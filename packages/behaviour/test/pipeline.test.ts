import { expect, test } from 'vitest';
import { createRuleEngine } from '@palisade/syscall-rules/engine';
import { hostContainer } from '@palisade/syscall-rules/event';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { createWindowCounter } from '@palisade/syscall-rules/windowed/count';
import { createSlots } from '../src/container/slots.ts';
import { flags, kinds, tags } from '../src/decode.gen.ts';
import { createSockets } from '../src/descriptor/sockets.ts';
import { createPipeline } from '../src/pipeline.ts';
import { createProcessTree } from '../src/process/tree.ts';
import { makeRecord } from './make-record.ts';

/** A pipeline with one rule whose output is read back; "%a %b" in fields gives "a b". */
function watch(condition: string, output: string, holdUnknown = false) {
  const context = { source: { origin: 0n, hostname: 'node' }, names: { user: () => undefined, group: () => undefined, addresses: (host: string) => (host === 'api.test' ? ['10.0.0.9'] : []) } };
  const set = loadRules([{ name: 'r.yaml', content: `- rule: R\n  desc: d\n  condition: ${condition}\n  output: "${output} ~"\n  priority: INFO\n` }], context);
  expect(set.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  const slots = createSlots(() => undefined);
  const sockets = createSockets();
  const tree = createProcessTree({ slots, sockets, environment: true, inspect: (pid) => (pid === 99 ? { argv: 'old\0--flag\0', exepath: '/usr/bin/old', cwd: '/srv' } : undefined) });
  const seen: string[] = [];
  const pipeline = createPipeline({
    tree, slots, sockets, engine: createRuleEngine(set.rules, context), windows: createWindowCounter([]), holdUnknown, onResolved: () => undefined,
    onMatch: (rule, event) => void seen.push(rule.output.text(event).split(' ~')[0] ?? ''),
    onWindow: () => undefined,
  });
  return { take: pipeline.take, pipeline, tree, slots, seen };
}

const exec = (time: number, pid: number, argv: string, more: Partial<Parameters<typeof makeRecord>[2]> = {}) =>
  makeRecord(kinds.exec, time, { pid, comm: argv.split(' ')[0] ?? '', ...more }, [[tags.exe, `/bin/${argv.split(' ')[0] ?? ''}`], [tags.cwd, '/work'], [tags.argv, `${argv.replaceAll(' ', '\0')}\0`], [tags.env, 'HOME=/root\0']]);
const fork = (time: number, pid: number, parent: number, more: Partial<Parameters<typeof makeRecord>[2]> = {}) => makeRecord(kinds.fork, time, { pid, ppid: parent, args: [parent], ...more });

test('ancestors stay known after their end, as they were when they started the child', () => {
  const { take, seen } = watch('evt.type=execve and proc.name=id', '%proc.cmdline %proc.pname %proc.aname[2] %proc.env[HOME] %proc.cwd');
  take(exec(1, 10, 'nginx'));
  take(fork(2, 11, 10));
  take(exec(3, 11, 'sh -c id'));
  take(fork(4, 12, 11));
  take(makeRecord(kinds.exit, 5, { pid: 11 }));
  take(exec(6, 12, 'id -u', { ppid: 1 }));
  expect(seen).toEqual(['id -u sh nginx /root /work/']);
});

test('a pid that is used again is another process', () => {
  const { take, seen, tree } = watch('evt.type=connect', '%proc.name %proc.cmdline');
  take(exec(1, 10, 'first', { start: 1 }));
  take(makeRecord('connect', 2, { pid: 10, start: 5_000_000_000, comm: 'second' }));
  expect(seen).toEqual(['second second']);
  expect(tree.unexplained).toBe(1);
});

test('a process whose start was not seen is read from /proc, else only what the record says is told', () => {
  const { take, seen } = watch('evt.type=connect', '%proc.cmdline %proc.exepath');
  take(makeRecord('connect', 2, { pid: 99, comm: 'old' }));
  take(makeRecord('connect', 3, { pid: 98, comm: 'lost' }));
  expect(seen).toEqual(['old --flag /usr/bin/old', 'lost ']);
});

test('a chain of ended parents does not grow for ever', () => {
  const { take, tree } = watch('evt.type=connect', 'x');
  for (let pid = 10; pid < 2000; pid += 1) {
    take(fork(pid, pid, pid - 1));
    take(makeRecord(kinds.exit, pid, { pid: pid - 1 }));
  }
  let depth = 0;
  for (let at = tree.get(1999); at !== undefined; at = at.parent) depth += 1;
  expect(depth).toBeLessThan(200);
  expect(tree.size).toBeLessThan(5);
});

test('what a runtime does while it sets a container up is not the container\'s doing', () => {
  const { take, seen } = watch('container.id != host and evt.type in (execve, openat)', '%evt.type %proc.name %proc.pname');
  const inside = { cgroup: 7, container: 'aaaaaaaaaaaa' };
  take(exec(1, 5, 'containerd-shim'));
  take(exec(1, 10, 'runc init', { ppid: 5 }));
  take(makeRecord('openat', 2, { pid: 10, comm: 'runc:[2:INIT]', ppid: 5, args: [0, 0, 1], ...inside }, [[tags.arg + 1, '/etc/hosts'], [tags.returnFile, '/etc/hosts']]));
  take(exec(3, 10, 'app', { ppid: 5, flags: flags.entered, ...inside }));
  take(makeRecord('openat', 4, { pid: 10, comm: 'app', ppid: 5, args: [0, 0, 1], ...inside }, [[tags.arg + 1, '/etc/hosts'], [tags.returnFile, '/etc/hosts']]));
  expect(seen).toEqual(['execve app containerd-shim', 'openat app containerd-shim']);
});

test('a runtime\'s helper that was put into the container before it executed itself is no program of the container', () => {
  const { take, seen } = watch('container.id != host and evt.type in (execve, openat)', '%evt.type %proc.name %proc.pname');
  const inside = { cgroup: 7, container: 'aaaaaaaaaaaa' };
  take(exec(1, 5, 'containerd-shim'));
  take(fork(2, 9, 5, { comm: 'containerd-shim' }));
  take(exec(3, 9, 'runc create', { ppid: 5 }));
  take(fork(4, 10, 9, { comm: 'runc' }));
  take(exec(5, 10, 'runc init', { ppid: 9, ...inside }));
  take(fork(6, 11, 10, { ppid: 9, comm: 'runc:[1:CHILD]', vpid: 1, ...inside }));
  take(makeRecord('openat', 7, { pid: 11, comm: 'runc:[2:INIT]', ppid: 9, vpid: 1, args: [0, 0, 1], ...inside }, [[tags.arg + 1, '/etc/hosts'], [tags.returnFile, '/etc/hosts']]));
  take(makeRecord(kinds.exit, 8, { pid: 10, ...inside }));
  take(makeRecord(kinds.exit, 9, { pid: 9 }));
  take(exec(10, 11, 'app', { ppid: 5, vpid: 1, flags: flags.entered, ...inside }));
  take(exec(11, 11, 'memfd:payload', { ppid: 5, vpid: 1, flags: flags.memfd | flags.entered, ...inside }));
  expect(seen).toEqual(['execve app containerd-shim', 'execve memfd:payload containerd-shim']);
});

test('who enters another container from one is seen at its first exec there', () => {
  const { take, seen } = watch('evt.type=execve', '%container.id %proc.name');
  const inside = { cgroup: 7, container: 'aaaaaaaaaaaa' };
  take(exec(1, 10, 'sh', inside));
  take(fork(2, 11, 10, { cgroup: 8, container: 'bbbbbbbbbbbb' }));
  take(exec(3, 11, 'id', { ppid: 10, cgroup: 8, container: 'bbbbbbbbbbbb' }));
  expect(seen).toEqual(['aaaaaaaaaaaa sh', 'bbbbbbbbbbbb id']);
});

test('records of a container wait for its description, in order, and not for ever', () => {
  const { take, seen, slots, pipeline } = watch('container.id != host and evt.type=execve', '%proc.name %container.image.repository', true);
  const inside = { cgroup: 7, container: 'aaaaaaaaaaaa' };
  take(exec(1, 10, 'one', inside));
  take(exec(2, 10, 'two', inside));
  expect(seen).toEqual([]);
  slots.describe({ ...hostContainer, id: 'aaaaaaaaaaaa', image: 'shop/web:1', imageRepository: 'shop/web' });
  pipeline.described('aaaaaaaaaaaa');
  expect(seen).toEqual(['one shop/web', 'two shop/web']);
  take(exec(3, 20, 'three', { cgroup: 8, container: 'bbbbbbbbbbbb' }));
  pipeline.tick(1e9);
  expect(seen.slice(2)).toEqual([]);
  pipeline.tick(3e9);
  expect(seen.slice(2)).toEqual(['three <NA>']);
});

test('paths are absolute from the directory the call started at; the opened file may be another', () => {
  const { take, seen } = watch('evt.type=openat', '%fd.name %fd.nameraw %fd.num %fd.directory %evt.arg.flags');
  take(makeRecord('openat', 1, { pid: 10, result: 4, args: [-100, 0, 0x241, 0o644] }, [[tags.arg + 1, '../etc//passwd'], [tags.base + 1, '/srv/www'], [tags.returnFile, '/real/passwd']]));
  take(makeRecord('openat', 2, { pid: 10, result: -13, args: [-100, 0, 0, 0] }, [[tags.arg + 1, 'shadow'], [tags.base + 1, '/etc']]));
  expect(seen).toEqual(['/srv/etc/passwd ../etc/passwd 4 /srv/etc O_WRONLY|O_CREAT|O_TRUNC', '/etc/shadow shadow -1 /etc O_RDONLY']);
});

test('a connection knows who opened it, also when it is a standard stream later', () => {
  const { take, seen } = watch('evt.type in (connect, dup2, accept4) and fd.type=ipv4', '%evt.type %fd.name %fd.sip %fd.sport %fd.cip %fd.l4proto');
  const socket = (local: number, remote: number, ino: number): Buffer => {
    const bytes = Buffer.alloc(56);
    [2, 1, 6, 1, local, remote].forEach((value, index) => bytes.writeUInt16LE(value, 2 * index));
    Buffer.from([10, 0, 0, 1]).copy(bytes, 16);
    Buffer.from([203, 0, 113, 9]).copy(bytes, 32);
    bytes.writeBigUInt64LE(BigInt(ino), 48);
    return bytes;
  };
  take(makeRecord('connect', 1, { pid: 10, args: [3] }, [[tags.socket, socket(40000, 443, 5)]]));
  take(makeRecord('dup2', 2, { pid: 10, result: 0, args: [3, 0] }, [[tags.returnSocket, socket(40000, 443, 5)]]));
  take(makeRecord('accept4', 3, { pid: 10, result: 4, args: [3] }, [[tags.returnSocket, socket(80, 50000, 6)]]));
  expect(seen).toEqual(['connect 10.0.0.1:40000->203.0.113.9:443 203.0.113.9 443 10.0.0.1 tcp', 'dup2 10.0.0.1:40000->203.0.113.9:443 203.0.113.9 443 10.0.0.1 tcp', 'accept4 203.0.113.9:50000->10.0.0.1:80 10.0.0.1 80 203.0.113.9 tcp']);
});

test('the executed file\'s layer and memory files are told', () => {
  const { take, seen } = watch('evt.type=execve', '%proc.is_exe_upper_layer %proc.is_exe_lower_layer %proc.is_exe_from_memfd');
  const file = [[tags.inode, Buffer.alloc(48)]] as const;
  take(makeRecord(kinds.exec, 1, { pid: 10, cgroup: 7, container: 'aaaaaaaaaaaa', flags: flags.upper }, file));
  take(makeRecord(kinds.exec, 2, { pid: 10, cgroup: 7, container: 'aaaaaaaaaaaa' }, file));
  take(makeRecord(kinds.exec, 3, { pid: 10, cgroup: 7, container: 'aaaaaaaaaaaa', flags: flags.memfd }, file));
  expect(seen).toEqual(['true false false', 'false true false', 'false false true']);
});

test('a name asked is an event of who asked it; an answer is none', () => {
  const { take, seen } = watch('evt.type=dns', '%proc.name %evt.arg.name %evt.arg.zone %evt.arg.label %evt.arg.qtype');
  const question = (name: string): Buffer => Buffer.concat([Buffer.from('123401000001000000000000', 'hex'), ...name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')), Buffer.from([0, 0, 16, 0, 1])]);
  const inside = { cgroup: 7, container: 'aaaaaaaaaaaa' };
  take(exec(1, 10, 'dig', { ...inside, vpid: 1 }));
  take(makeRecord(kinds.dns, 2, { pid: 10, ...inside, args: [0] }, [[tags.dns, question('abcdefgh.t.example')]]));
  take(makeRecord(kinds.dns, 3, { pid: 0, ...inside, args: [1] }, [[tags.dns, question('abcdefgh.t.example')]]));
  take(makeRecord(kinds.dns, 4, { pid: 99, ...inside, args: [0] }, [[tags.dns, question('www.shop.co.uk')]]));
  expect(seen).toEqual(['dig abcdefgh.t.example t.example 8 TXT', 'dig www.shop.co.uk shop.co.uk 4 TXT']);
});

test('a container that starts is an event of its first process, or of its own where none is known', () => {
  const { take, seen, slots, pipeline } = watch('evt.type=container', '%evt.type %proc.name %container.image.repository');
  slots.describe({ ...hostContainer, id: 'aaaaaaaaaaaa', image: 'shop/web:1', imageRepository: 'shop/web' });
  pipeline.started('aaaaaaaaaaaa', 1);
  take(exec(2, 10, 'app', { cgroup: 7, container: 'aaaaaaaaaaaa', vpid: 1 }));
  pipeline.started('aaaaaaaaaaaa', 3);
  pipeline.started('bbbbbbbbbbbb', 4);
  expect(seen).toEqual(['container container:aaaaaaaaaaaa shop/web', 'container app shop/web']);
});

test('what a shell of busybox starts by executing itself has the name of its tool', () => {
  const { take, seen } = watch('evt.type in (execve, connect)', '%evt.type %proc.name');
  const run = (pid: number, path: string, argv: string) => makeRecord(kinds.exec, pid, { pid, comm: 'exe' }, [[tags.exe, path], [tags.argv, `${argv}\0`]]);
  take(run(10, '/bin/busybox', 'nc\0-l'));
  take(fork(11, 11, 10, { comm: 'exe' }));
  take(makeRecord('connect', 12, { pid: 11, comm: 'exe' }));
  take(run(13, '/usr/bin/runc', 'init'));
  expect(seen).toEqual(['execve nc', 'connect nc', 'execve exe']);
});

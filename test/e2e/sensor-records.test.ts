import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SensorRecord } from '@palisade/behaviour/decode';
import { bytesOf, executedFileOf, socketOf, stringsOf, syscallName, textOf } from '@palisade/behaviour/decode';
import { denials, flags, inodeInfoSize, kinds, recordSize, socketInfoSize, tags } from '@palisade/behaviour/decode.gen';
import { unpin } from './sensor/seen.ts';
import type { Warden } from '@palisade/app-agent/sensor/warden';
import { startWarden } from '@palisade/app-agent/sensor/warden';

const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'sensor/build/warden');
const pins = '/sys/fs/bpf/palisade-test';
const unifiedRoot = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((place) => existsSync(path.join(place, 'cgroup.procs'))) ?? '';
const places = mkdtempSync(path.join(tmpdir(), 'palisade-sensor-'));

type Seen = { kind: number; call: string | undefined; exe: string | undefined; argv: string[] | undefined; arg: (string | undefined)[]; pid: number; ino: number | undefined; container: string; flags: number; remotePort: number | undefined; result: number; comm: string; writes: boolean };
const seen: Seen[] = [];
let lost = 0;

function keep(record: SensorRecord): void {
  seen.push({
    kind: record.header.kind,
    call: syscallName(record.header.kind),
    exe: textOf(record, tags.exe),
    argv: stringsOf(record, tags.argv),
    arg: [0, 1, 2].map((index) => textOf(record, tags.arg + index)),
    pid: record.header.pid,
    ino: executedFileOf(record)?.ino,
    container: record.header.container,
    flags: record.header.flags,
    remotePort: (socketOf(record, tags.stdio) ?? socketOf(record, tags.socket))?.remotePort,
    result: record.header.result,
    comm: record.header.comm,
    writes: (record.header.arg2 & 3) !== 0,
  });
}

async function until(what: (record: Seen) => boolean): Promise<Seen> {
  for (;;) {
    const found = seen.find(what);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function start(calls: readonly string[]): Promise<Warden> {
  return startWarden({ program, pins, calls: calls.map((name) => ({ name, failed: true })), onRecord: keep, onLoss: (loss) => (lost += loss.ring), signal: new AbortController().signal });
}

beforeAll(() => {
  if (!existsSync(program)) execFileSync('sh', [path.join(root, 'scripts/build-sensor.sh')]);
});

afterAll(() => {
  unpin(pins);
  rmSync(places, { recursive: true, force: true });
});

test('decoder and C agree on every size and offset', () => {
  const source = `#include <stdio.h>\n#include "warden.h"\nint main(void) { printf("%zu %zu %zu %zu %zu %zu", sizeof(struct record), sizeof(struct socket_info), sizeof(struct inode_info), offsetof(struct record, container), offsetof(struct record, comm), offsetof(struct record, arg5)); }`;
  const binary = path.join(places, 'layout');
  execFileSync('gcc', ['-I', path.join(root, 'sensor'), '-x', 'c', '-', '-o', binary], { input: source });
  const [record, socket, inode, container, comm, arg5] = execFileSync(binary, { encoding: 'utf8' }).split(' ').map(Number);
  expect([record, socket, inode]).toEqual([recordSize, socketInfoSize, inodeInfoSize]);
  expect([container, comm, arg5]).toEqual([recordSize - 32, recordSize - 16, recordSize - 40]);
  execFileSync('sh', [path.join(root, 'scripts/node.sh'), path.join(root, 'scripts/generate-decoder.ts'), '--check']);
});

describe('with the sensor armed', () => {
  let warden: Warden;
  beforeAll(async () => {
    warden = await start(['openat', 'symlink', 'symlinkat', 'link', 'linkat', 'connect', 'init_module']);
  });
  afterAll(async () => {
    await warden.stop();
  });

  test('processes that were there first are reported, missing tracepoints are named', () => {
    expect(seen.some((record) => record.kind === kinds.task && record.pid === process.ppid)).toBe(true);
    expect(warden.armed.calls + warden.armed.missing.length).toBe(7);
  });

  test('an exec carries binary and arguments, and its exit follows', async () => {
    const child = spawnSync('/bin/sh', ['-c', 'exit 7', 'marker-of-this-test']);
    const exec = await until((record) => record.kind === kinds.exec && record.argv?.[3] === 'marker-of-this-test');
    expect(exec.exe).toMatch(/\/(da|ba)?sh$/);
    expect(exec.ino).toBe(statSync('/bin/sh').ino);
    const exit = await until((record) => record.kind === kinds.exit && record.pid === exec.pid);
    expect(exit.result >> 8).toBe(child.status);
  });

  test('links carry both names, failed opens their error', async () => {
    execFileSync('ln', ['-s', '/etc/shadow', path.join(places, 'soft')]);
    expect((await until((record) => record.call === 'symlinkat' && record.arg[2] === path.join(places, 'soft'))).arg[0]).toBe('/etc/shadow');
    spawnSync('sh', ['-c', `echo x > ${places}/absent/file`]);
    expect((await until((record) => record.call === 'openat' && record.arg[1] === `${places}/absent/file`)).result).toBe(-2);
  });

  test('a denied path is killed before its first instruction, 1,000 of 1,000', async () => {
    const denied = path.join(places, 'denied');
    copyFileSync('/usr/bin/touch', denied);
    execFileSync('chmod', ['755', denied]);
    await warden.request({ op: 'denyPath', text: denied });
    const script = `i=0; while [ $i -lt 1000 ]; do ${denied} ${places}/written-$i; i=$((i+1)); done 2>/dev/null; ls ${places} | grep -c written`;
    expect(spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout.trim()).toBe('0');
    await until((record) => record.kind === kinds.denied && record.exe === denied);
    await warden.request({ op: 'allowPath', text: denied });
    expect(spawnSync(denied, [path.join(places, 'written')]).status).toBe(0);
  });

  test.each(['/sys/fs/cgroup/unified/palisade-test', '/sys/fs/cgroup/pids/palisade-test', '/sys/fs/cgroup/palisade-test'])('a process in a cgroup below %s carries its container id', async (parent) => {
    if (!existsSync(path.join(path.dirname(parent), 'cgroup.procs'))) return;
    const id = parent.includes('pids') ? 'ab12'.repeat(16) : 'cd34'.repeat(16);
    const inner = path.join(parent, id, 'inner');
    mkdirSync(inner, { recursive: true });
    execFileSync('sh', ['-c', `echo $$ > ${inner}/cgroup.procs; exec true inside-${id}`]);
    expect((await until((record) => record.kind === kinds.exec && record.argv?.[1] === `inside-${id}`)).container).toBe(id.slice(0, 12));
    for (const directory of [inner, path.join(parent, id), parent]) rmdirSync(directory);
  });

  test('a program run from memory is flagged', async () => {
    const script = 'import os,sys\nf=os.memfd_create("hidden")\nos.write(f,open("/bin/true","rb").read())\nos.execve("/proc/self/fd/%d"%f,["from-memory"],{})';
    execFileSync('python3', ['-c', script]);
    const exec = await until((record) => record.kind === kinds.exec && record.argv?.[0] === 'from-memory');
    expect(exec.flags & flags.memfd).toBe(flags.memfd);
    expect(exec.exe).toBe('memfd:hidden');
  });

  test('a standard stream that is a socket is seen at exec, with its peer', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const script = 'import os,socket,sys\ns=socket.create_connection(("127.0.0.1",int(sys.argv[1])))\nos.dup2(s.fileno(),0)\nos.execv("/bin/sh",["socket-shell","-c",":"])';
    const child = spawn('python3', ['-c', script, String(port)], { stdio: 'ignore' });
    await once(child, 'close');
    expect((await until((record) => record.kind === kinds.exec && record.argv?.[0] === 'socket-shell')).remotePort).toBe(port);
    expect((await until((record) => record.call === 'connect' && record.pid === child.pid && record.remotePort === port)).result).toBe(0);
    server.close();
  });

  test('an isolated container has no network, new or established, until it is reconnected', async () => {
    const group = path.join(unifiedRoot, 'ef56'.repeat(16));
    mkdirSync(group);
    const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const script = `import socket,sys
old=socket.create_connection(("127.0.0.1",int(sys.argv[1]))); old.settimeout(0.3)
def talk(s):
  try:
    s.sendall(b"x"); return "yes" if s.recv(1) else "no"
  except OSError: return "no"
def fresh():
  try: return talk(socket.create_connection(("127.0.0.1",int(sys.argv[1])),1))
  except PermissionError: return "EPERM"
for line in sys.stdin: print(talk(old),fresh(),flush=True)`;
    const child = spawn('sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec python3 -c "$0" ${port}`, script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ask = async (): Promise<string> => {
      child.stdin.write('\n');
      return String((await once(child.stdout, 'data'))[0]).trim();
    };
    expect(await ask()).toBe('yes yes');
    await warden.request({ op: 'isolate', text: 'ef56ef56ef56' });
    expect(await ask()).toBe('no EPERM');
    await warden.request({ op: 'reconnect', text: 'ef56ef56ef56' });
    expect((await ask()).endsWith('yes')).toBe(true);
    child.stdin.end();
    await once(child, 'close');
    server.close();
    rmdirSync(group);
  });

  test('programs from memory are killed in the container that forbids them, and only there', async () => {
    const group = path.join(unifiedRoot, '0a1b'.repeat(16));
    mkdirSync(group);
    await warden.request({ op: 'denyContainer', text: '0a1b0a1b0a1b', flags: denials.memfd });
    const script = 'import os\nf=os.memfd_create("x")\nos.write(f,open("/bin/true","rb").read())\nos.execve("/proc/self/fd/%d"%f,["true"],{})';
    const run = (enter: string): string => spawnSync('sh', ['-c', `${enter} exec python3 -c "$0"`, script]).signal ?? 'ran';
    expect(run('')).toBe('ran');
    expect(run(`echo $$ > ${group}/cgroup.procs;`)).toBe('SIGKILL');
    await warden.request({ op: 'allowContainer', text: '0a1b0a1b0a1b' });
    expect(run(`echo $$ > ${group}/cgroup.procs;`)).toBe('ran');
    rmdirSync(group);
  });

  test('after arming the warden keeps four capabilities', () => {
    expect(/^CapEff:\s*(\w+)/m.exec(readFileSync(`/proc/${warden.pid}/status`, 'utf8'))?.[1]).toBe('000000c000080020');
  });

  test('a signal misses a process that only has the same pid', async () => {
    const refused = warden.request({ op: 'signal', pid: process.pid, start: 1, signalNumber: 9 });
    await expect(refused).rejects.toMatchObject({ code: 'sensor-request', detail: { errno: 3 } });
  });
});

test('the deny list outlives a killed warden, and the next one takes it over', async () => {
  const denied = path.join(places, 'outlives');
  copyFileSync('/usr/bin/true', denied);
  execFileSync('chmod', ['755', denied]);
  const first = await start([]);
  await first.request({ op: 'denyPath', text: denied });
  process.kill(first.pid, 'SIGKILL');
  await expect(first.ended).rejects.toMatchObject({ code: 'sensor-ended' });
  expect(spawnSync(denied).signal).toBe('SIGKILL');
  const second = await start([]);
  expect(spawnSync(denied).signal).toBe('SIGKILL');
  await second.request({ op: 'allowPath', text: denied });
  expect(spawnSync(denied).status).toBe(0);
  await second.stop();
  expect(lost).toBe(0);
});

test('opens for reading leave the kernel only below a loaded prefix', async () => {
  seen.length = 0;
  const warden = await startWarden({ program, calls: [{ name: 'openat', reads: 'prefixes' }], prefixes: ['/etc/pass'], onRecord: keep, onLoss: () => undefined, signal: new AbortController().signal });
  execFileSync('cat', ['/etc/hostname', '/etc/passwd']);
  await warden.stop();
  const read = seen.filter((record) => record.call === 'openat' && record.comm === 'cat').map((record) => record.arg[1]);
  expect(read).toEqual(['/etc/passwd']);
});

test('prefixes hold per set, for writing too, and follow what is renamed', async () => {
  seen.length = 0;
  const warden = await startWarden({
    program, calls: [{ name: 'openat', reads: 'prefixes', writes: 'prefixes', prefixSets: [1] }, { name: 'creat', writes: 'prefixes', prefixSets: [2] }], prefixes: [{ path: `${places}/asked/`, set: 1 }, { path: `${places}/asked/na`, set: 1 }, { path: `${places}/other/`, set: 2 }],
    onRecord: keep, onLoss: () => undefined, signal: new AbortController().signal,
  });
  const script = `import os,sys
def touch(name,flags=os.O_RDONLY|os.O_CREAT):
  os.close(os.open(name,flags))
p=sys.argv[1]
os.makedirs(p+"/asked"); os.makedirs(p+"/plain/deep"); os.makedirs(p+"/other")
for i in range(50): touch(p+"/plain/deep/cold"); touch(p+"/other/written",os.O_WRONLY|os.O_CREAT)
touch(p+"/asked/name"); touch(p+"/asked/new",os.O_WRONLY|os.O_CREAT)
os.rename(p+"/plain/deep",p+"/asked/deep"); touch(p+"/asked/deep/cold")
os.rename(p+"/asked",p+"/plain/was"); touch(p+"/plain/was/name")
os.mkdir(p+"/asked"); touch(p+"/asked/again")`;
  execFileSync('python3', ['-c', script, places]);
  await warden.stop();
  const opened = seen.filter((record) => record.call !== undefined && record.arg[1]?.startsWith(places) === true);
  expect(opened.map((record) => record.arg[1]?.slice(places.length))).toEqual(['/asked/name', '/asked/new', '/asked/deep/cold', '/asked/again']);
});

test('names asked for by a part of them are decided per file, and a hard link has its own name', async () => {
  seen.length = 0;
  const warden = await startWarden({ program, calls: [{ name: 'openat', reads: 'prefixes' }], prefixes: ['*id_rsa'], onRecord: keep, onLoss: () => undefined, signal: new AbortController().signal });
  const script = `import os,sys,time
p=sys.argv[1]+"/keys"; os.makedirs(p)
for name in ("plain","id_rsa.old"): open(p+"/"+name,"w").close()
for i in range(30): open(p+"/plain").close(); open(p+"/id_rsa.old").close(); time.sleep(0.01)
os.link(p+"/plain",p+"/id_rsa"); open(p+"/id_rsa").close()`;
  execFileSync('python3', ['-c', script, places]);
  await warden.stop();
  const read = seen.filter((record) => record.call === 'openat' && record.arg[1]?.startsWith(`${places}/keys`) === true && !record.writes);
  expect(read.filter((record) => record.arg[1]?.endsWith('plain')).length).toBe(0);
  expect(read.filter((record) => record.arg[1]?.endsWith('id_rsa.old')).length).toBe(30);
  expect(read.filter((record) => record.arg[1]?.endsWith('id_rsa')).length).toBe(1);
  expect(read.every((record) => (record.flags & flags.undecided) === 0)).toBe(true);
});

test('a call asked for once says each descriptor and peer once; a skipped container says nothing', async () => {
  seen.length = 0;
  const warden = await startWarden({ program, calls: [{ name: 'sendto', once: true }, { name: 'mkdir' }], onRecord: keep, onLoss: () => undefined, signal: new AbortController().signal });
  const script = 'import os,socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nfor i in range(20): s.sendto(b"x",("127.0.0.1",9)); s.sendto(b"x",("127.0.0.1",10))\nprint(os.getpid())';
  const pid = Number(execFileSync('python3', ['-c', script], { encoding: 'utf8' }));
  const group = path.join(unifiedRoot, 'ab98'.repeat(16));
  mkdirSync(group);
  const make = (name: string): unknown => execFileSync('sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec mkdir ${places}/${name}`]);
  make('first');
  await warden.request({ op: 'skip', text: 'ab98ab98ab98' });
  make('second');
  await warden.request({ op: 'unskip', text: 'ab98ab98ab98' });
  make('third');
  rmdirSync(group);
  await warden.stop();
  expect(seen.filter((record) => record.call === 'sendto' && record.pid === pid).length).toBe(2);
  expect(seen.filter((record) => record.call === 'mkdir' && record.container === 'ab98ab98ab98').map((record) => record.arg[0])).toEqual([`${places}/first`, `${places}/third`]);
});

test('DNS questions are recorded with their sender, answers with their container only', async () => {
  const messages: { answer: number; pid: number; bytes: Buffer | undefined }[] = [];
  const warden = await startWarden({
    program, calls: [], dns: true, signal: new AbortController().signal, onLoss: () => undefined,
    onRecord: (record) => {
      if (record.header.kind === kinds.dns) messages.push({ answer: record.header.arg0, pid: record.header.pid, bytes: bytesOf(record, tags.dns) });
    },
  });
  expect(warden.armed.dns).toBe(true);
  const script = 'import os,socket\na=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); a.bind(("127.0.0.53",53)); c=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); c.sendto(b"\\x12\\x34"+b"question-of-this-test",("127.0.0.53",53)); d,f=a.recvfrom(512); a.sendto(d[:2]+b"answer-of-this-test",f); c.recv(512); print(os.getpid())';
  const pid = Number(execFileSync('python3', ['-c', script], { encoding: 'utf8' }));
  await warden.stop();
  const question = messages.find((message) => message.answer === 0 && message.bytes?.includes('question-of-this-test'));
  expect(question?.pid).toBe(pid);
  expect(messages.some((message) => message.answer === 1 && message.bytes?.includes('answer-of-this-test'))).toBe(true);
});

test('what does not fit the ring is counted exactly', async () => {
  seen.length = 0;
  lost = 0;
  const warden = await start(['symlink', 'symlinkat']);
  const count = 60_000;
  process.kill(warden.pid, 'SIGSTOP');
  const script = 'import os,sys\nfor i in range(int(sys.argv[1])):\n  try: os.symlink("storm-of-this-test","/proc/absent")\n  except OSError: pass';
  execFileSync('python3', ['-c', script, String(count)]);
  process.kill(warden.pid, 'SIGCONT');
  await warden.stop();
  const kept = seen.filter((record) => record.arg[0] === 'storm-of-this-test').length;
  expect(lost).toBeGreaterThan(0);
  // Besides the storm only the storm's own exit, and at most a few processes of others, can be among the lost.
  expect(kept + lost).toBeGreaterThanOrEqual(count);
  expect(kept + lost).toBeLessThan(count + 500);
});

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flags, kinds } from '@palisade/behaviour/decode.gen';
import type { Warden } from '@palisade/app-agent/sensor/warden';
import { startWarden } from '@palisade/app-agent/sensor/warden';
import type { Seen } from './sensor/seen.ts';
import { buildWarden, program, seenOf } from './sensor/seen.ts';

// Each family of calls once, by scripted actions: is it recorded, and with the right arguments?
const place = mkdtempSync(path.join(tmpdir(), 'palisade-families-'));
const seen: Seen[] = [];
const names = ['openat', 'chmod', 'fchmodat', 'chown', 'fchownat', 'lchown', 'link', 'linkat', 'symlink', 'symlinkat', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'mkdir', 'mkdirat', 'rmdir', 'mount', 'umount', 'pivot_root', 'socket', 'connect', 'accept', 'accept4', 'bind', 'listen', 'sendto', 'sendmsg',
  'bpf', 'keyctl', 'userfaultfd', 'io_uring_setup', 'process_vm_writev', 'finit_module', 'memfd_create', 'personality', 'ptrace', 'setns', 'unshare', 'capset', 'setresuid', 'setresgid', 'kill'];
let warden: Warden;

beforeAll(async () => {
  buildWarden();
  warden = await startWarden({ program, calls: names.map((name) => ({ name, failed: true })), onRecord: (record) => seen.push(seenOf(record)), onLoss: () => undefined, signal: new AbortController().signal });
  mkdirSync(path.join(place, 'acts'));
  execFileSync('python3', [path.join(import.meta.dirname, 'sensor/families.py'), path.join(place, 'acts')]);
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

/** The call of that name, in whichever of its forms the C library made it, that fits. */
function made(forms: readonly string[], fits: (record: Seen) => boolean): Seen | undefined {
  return seen.find((record) => record.call !== undefined && forms.includes(record.call) && fits(record));
}

const acts = path.join(place, 'acts');
const port = (record: Seen): number | undefined => record.address?.readUInt16BE(2);

const expected: readonly (readonly [what: string, forms: readonly string[], fits: (record: Seen) => boolean])[] = [
  ['file: create', ['openat'], (r) => r.returned === `${acts}/file` && r.result >= 0],
  ['file: set-user-id bit', ['chmod', 'fchmodat'], (r) => r.text.includes(`${acts}/file`) && r.args.includes(0o4755)],
  ['file: owner', ['chown', 'fchownat', 'lchown'], (r) => r.text.includes(`${acts}/file`) && r.args.includes(12) && r.args.includes(34)],
  ['file: hard link', ['link', 'linkat'], (r) => r.text.includes(`${acts}/file`) && r.text.includes(`${acts}/hard`)],
  ['file: symbolic link', ['symlink', 'symlinkat'], (r) => r.text.includes('/etc/shadow') && r.text.includes(`${acts}/soft`)],
  ['file: rename', ['rename', 'renameat', 'renameat2'], (r) => r.text.includes(`${acts}/file`) && r.text.includes(`${acts}/renamed`)],
  ['file: unlink', ['unlink', 'unlinkat'], (r) => r.text.includes(`${acts}/renamed`) && r.result === 0],
  ['file: directory', ['mkdir', 'mkdirat'], (r) => r.text.includes(`${acts}/folder`)],
  ['file: directory removed', ['rmdir', 'unlinkat'], (r) => r.text.includes(`${acts}/folder`)],
  ['file: mount', ['mount'], (r) => r.text[1] === `${acts}/root` && r.text[2] === 'tmpfs' && r.text[4] === 'size=1m' && r.result === 0],
  ['file: pivot_root', ['pivot_root'], (r) => r.text[0] === `${acts}/root` && r.text[1] === `${acts}/root/old` && r.result === 0],
  ['file: umount', ['umount'], (r) => r.text[0] === '/old' && r.args[1] === 2],
  ['network: listen', ['listen'], (r) => r.args[1] === 7 && (r.localPort ?? 0) > 0],
  ['network: bind', ['bind'], (r) => r.address?.readUInt16LE(0) === 2 && r.result === 0],
  ['network: accept', ['accept', 'accept4'], (r) => r.result >= 0 && (r.remotePort ?? 0) > 0],
  ['network: connect', ['connect'], (r) => r.result === 0 && (r.remotePort ?? 0) > 0 && r.comm === 'python3'],
  ['network: datagram to an address', ['sendto'], (r) => port(r) === 4242],
  ['network: message to an address', ['sendmsg'], (r) => port(r) === 4243],
  ['network: raw socket', ['socket'], (r) => r.args[0] === 2 && ((r.args[1] ?? 0) & 15) === 3 && r.args[2] === 1],
  ['privilege: bpf', ['bpf'], (r) => r.args[0] === 99 && r.result === -22],
  ['privilege: keyctl', ['keyctl'], (r) => r.args[0] === 0],
  ['privilege: userfaultfd', ['userfaultfd'], (r) => r.args[0] === 0o4000],
  ['privilege: io_uring_setup', ['io_uring_setup'], (r) => r.args[0] === 4],
  ['privilege: process_vm_writev', ['process_vm_writev'], (r) => r.args[0] === r.pid],
  ['privilege: memfd_create', ['memfd_create'], (r) => r.text[0] === 'familiar' && r.result >= 0],
  ['privilege: personality', ['personality'], (r) => r.args[0] === 0x0040000],
  ['privilege: ptrace', ['ptrace'], (r) => r.args[0] === 16 && r.args[1] === 1],
  ['privilege: setns', ['setns'], (r) => r.args[1] === 0x40000000 && /^net:\[\d+\]$/.test(r.file[0] ?? '')],
  ['privilege: unshare', ['unshare'], (r) => r.args[0] === 0x20000],
  ['privilege: capset leaves none', ['capset'], (r) => r.result === 0 && r.caps === 0],
  ['privilege: users', ['setresuid'], (r) => r.result === 0 && r.args[1] === 1002 && r.euid === 1002 && r.uid === 1001],
  ['privilege: groups', ['setresgid'], (r) => r.result === 0 && r.args[0] === 1003],
  ['signal', ['kill'], (r) => r.args[1] === 10 && r.result === 0],
];

test.each(expected)('%s', async (what, forms, fits) => {
  await expect.poll(() => made(forms, fits), { message: what, timeout: 3_000 }).toBeDefined();
});

test('a module load is recorded, also where the kernel has no tracepoint for it', async () => {
  await expect.poll(() => made(['finit_module'], (record) => record.text[1] === 'given=1' && record.result < 0), { timeout: 3_000 }).toBeDefined();
  expect(warden.armed.missing).toEqual([]);
  const hook = warden.armed.programs.find((program) => program.name === 'on_any_syscall');
  expect(hook?.state).toBe(warden.armed.untraced.length > 0 ? 'attached' : 'loaded');
});

test('what is done through io_uring is recorded as the calls it stands for', async () => {
  const binary = path.join(place, 'uring');
  execFileSync('gcc', ['-O1', '-o', binary, path.join(import.meta.dirname, 'sensor/uring.c')]);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: listening } = server.address() as AddressInfo;
  execFileSync(binary, [place, String(listening)]);
  const through = (forms: string, fits: (record: Seen) => boolean) => expect.poll(() => made([forms], (record) => (record.flags & flags.uring) !== 0 && fits(record)), { message: forms, timeout: 3_000 }).toBeDefined();
  await through('openat', (record) => record.text[1] === `${place}/through-ring` && ((record.args[2] ?? 0) & 0o101) === 0o101);
  await through('renameat', (record) => record.text[1] === `${place}/through-ring` && record.text[3] === `${place}/renamed-by-ring`);
  await through('unlinkat', (record) => record.text[1] === `${place}/renamed-by-ring`);
  await through('connect', (record) => record.address?.readUInt16BE(2) === listening && record.address.readUInt32BE(4) === 0x7f000001);
  server.close();
});

test('the sensor ends cleanly and records processes throughout', async () => {
  await warden.stop();
  expect(seen.some((record) => record.kind === kinds.exec && record.argv?.[1]?.endsWith('families.py') === true)).toBe(true);
});

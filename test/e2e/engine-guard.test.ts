import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

// A busy machine in small: between the name of a socket and its taking connections lies time.
const slowListen = '#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <unistd.h>\nint listen(int fd, int backlog) {\n  usleep(300000);\n  return ((int (*)(int, int))dlsym(RTLD_NEXT, "listen"))(fd, backlog);\n}\n';

test('a guard\'s socket is there when it takes connections, not before', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-guard-start-'));
  const library = path.join(folder, 'slow.so');
  const socket = path.join(folder, 'guard.sock');
  writeFileSync(path.join(folder, 'slow.c'), slowListen);
  execFileSync('gcc', ['-shared', '-fPIC', '-o', library, path.join(folder, 'slow.c')]);
  const child = spawn(path.resolve(import.meta.dirname, '../../palisade'), ['__engine-guard', path.join(folder, 'engine.sock'), socket], { env: { ...process.env, PALISADE_DEV: '1', LD_PRELOAD: library }, stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  while (!existsSync(socket)) {
    expect(child.exitCode).toBeNull();
    await sleep(1);
  }
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  const link = connect(socket);
  await once(link, 'connect');
  link.destroy();
});

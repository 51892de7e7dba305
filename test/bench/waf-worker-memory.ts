import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { listening } from './waf/listening.ts';

// Resident memory and processor time of one worker of `palisade waf serve` under load, with Debian's CRS at paranoia level 1.
// Needs modsecurity-crs and wrk. Arguments: [--requests N] (200,000, in ten steps), [--kinds get,args,form,json] (taken in
// turn, a JSON step counting a twentieth of the requests). Target: 150 MB resident, flat.

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1]!;
};
const wanted = Number(option('--requests', '200000'));
const kinds = option('--kinds', 'get,args,form,json').split(',');
const ports = { application: 18_490, worker: 18_491 };
const root = path.resolve(import.meta.dirname, '../..');
const home = mkdtempSync(path.join(os.tmpdir(), 'palisade-bench-'));
const setup = '/etc/modsecurity/crs/crs-setup.conf';

/** The worker is the child that `serve` started last. */
function workerOf(parent: number): number {
  const below = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('__waf-worker') && ancestors(pid).includes(parent);
    } catch {
      return false; // it ended in between
    }
  });
  if (below.length === 0) throw new Error('the worker was not found');
  return Math.max(...below);
}

function ancestors(pid: number): number[] {
  const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]);
  return parent <= 1 ? [] : [parent, ...ancestors(parent)];
}

const megabytes = (pid: number, field: string): number => Math.round((Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024) / 1e6);
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function main(server: ChildProcess): Promise<void> {
  const from = performance.now();
  await listening(ports.worker);
  const pid = workerOf(server.pid!);
  process.stdout.write(`listening after ${(performance.now() - from).toFixed(0)} ms, ${processorSeconds(pid).toFixed(2)} s of processor time, ${megabytes(pid, 'VmRSS')} MB resident\n`);
  let total = 0;
  for (let step = 0; total < wanted; step += 1) {
    const kind = kinds[step % kinds.length]!;
    let count = 0;
    const before = processorSeconds(pid);
    while (count < (kind === 'json' ? wanted / 200 : wanted / 10)) {
      const { stdout: text } = await promisify(execFile)('wrk', ['-t1', '-c8', '-d2s', '-s', path.join(import.meta.dirname, 'waf/requests.lua'), `http://127.0.0.1:${ports.worker}`, '--', kind, String((total + count + 1) % 4000)]);
      count += Number(/RESULT (\d+)/.exec(text)?.[1] ?? 0);
      if (count === 0) throw new Error(`wrk said: ${text}`);
    }
    total += kind === 'json' ? count * 20 : count;
    process.stdout.write(`${count} × ${kind}: ${megabytes(pid, 'VmRSS')} MB resident, at most ${megabytes(pid, 'VmHWM')}; ${(((processorSeconds(pid) - before) / count) * 1e6).toFixed(0)} µs of processor time a request\n`);
  }
}

if (!existsSync(setup)) throw new Error('install modsecurity-crs and wrk first');
const application = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>Thank you.</p>'));
}).listen(ports.application, '127.0.0.1');
const server = spawn(path.join(root, 'palisade'), ['waf', 'serve', '--listen', `127.0.0.1:${ports.worker}`, '--upstream', `http://127.0.0.1:${ports.application}`, '--rules', setup, '--rules', '/usr/share/modsecurity-crs/rules/*.conf', '--mode', 'block'], { cwd: root, env: { ...process.env, PALISADE_HOME: home }, stdio: ['ignore', 'ignore', 'inherit'] });
try {
  await main(server);
} finally {
  server.kill('SIGTERM');
  if (server.exitCode === null) await new Promise((resolve) => void server.once('exit', resolve));
  application.close();
  application.closeAllConnections();
  rmSync(home, { recursive: true, force: true });
}

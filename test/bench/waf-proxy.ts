import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// One worker of `palisade waf serve` beside one worker of nginx with libmodsecurity, both with Debian's CRS at paranoia
// level 1, blocking, in front of the same application. Needs Debian's nginx-light, libnginx-mod-http-modsecurity,
// modsecurity-crs and wrk, and two cores: the server under test has one for itself, wrk and the application the other.
// Arguments: [--seconds N] for each run (5), [--rounds N] (5), [--kinds get,args,form,json], [--palisade] leaves nginx out.

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1]!;
};
const seconds = Number(option('--seconds', '5'));
const rounds = Number(option('--rounds', '5'));
const alone = process.argv.includes('--palisade');
const targets = { get: 5, args: 10, form: 10, json: 20 } as const;
const kinds = option('--kinds', 'get,args,form,json').split(',').filter((kind): kind is keyof typeof targets => Object.hasOwn(targets, kind));
const ports = { application: 18_480, nginx: 18_481, palisade: 18_482 };
const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'palisade-bench-'));
const running: ChildProcess[] = [];

const settings = `
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "^(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
`;

function nginxConfig(name: string, server: string, modules: string): string {
  const file = path.join(folder, `${name}.conf`);
  writeFileSync(file, `${modules}worker_processes 1;
daemon off;
pid ${folder}/${name}.pid;
error_log ${folder}/${name}.log crit;
events { worker_connections 512; }
http {
  access_log off;
  keepalive_requests 10000000;
  client_body_buffer_size 1m;
  client_body_temp_path ${folder}/${name}-body; proxy_temp_path ${folder}/${name}-proxy; fastcgi_temp_path ${folder}/${name}-f; uwsgi_temp_path ${folder}/${name}-u; scgi_temp_path ${folder}/${name}-s;
${server}
}
`);
  return file;
}

function start(core: number, command: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  running.push(spawn('taskset', ['-c', String(core), ...command], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] }));
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await sleep(100);
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Requests a second; what was not answered with success counts against the run. */
function load(port: number, kind: string, seed: number): number {
  const text = execFileSync('taskset', ['-c', '1', 'wrk', '-t1', '-c8', `-d${seconds}s`, '-s', path.join(import.meta.dirname, 'waf/requests.lua'), `http://127.0.0.1:${port}`, '--', kind, String(seed)], { encoding: 'utf8' });
  const found = /RESULT (\d+) (\d+) (\d+)/.exec(text);
  if (found === null || Number(found[1]) === 0) throw new Error(`wrk said: ${text}`);
  if (Number(found[3]) > Number(found[1]) / 100) throw new Error(`${found[3]!} of ${found[1]!} requests failed`);
  return Number(found[1]) / (Number(found[2]) / 1e6);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function main(): Promise<void> {
  const rules = '/usr/share/modsecurity-crs/rules/*.conf';
  const setup = '/etc/modsecurity/crs/crs-setup.conf';
  if (!existsSync(setup)) throw new Error('install modsecurity-crs, nginx-light, libnginx-mod-http-modsecurity and wrk first');
  const own = path.join(folder, 'settings.conf');
  writeFileSync(own, `${settings}Include ${setup}\nInclude ${rules}\n`);
  const proxied = 'location / { proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }';
  start(1, ['nginx', '-c', nginxConfig('application', `server { listen 127.0.0.1:${ports.application}; default_type text/html; location / { return 200 "<p>Thank you.</p>"; } error_page 405 =200 $uri; }`, '')]);
  await listening(ports.application);
  if (!alone) start(0, ['nginx', '-c', nginxConfig('modsecurity', `upstream application { server 127.0.0.1:${ports.application}; keepalive 32; keepalive_requests 10000000; }\nmodsecurity on; modsecurity_rules_file ${own};\nserver { listen 127.0.0.1:${ports.nginx}; ${proxied} }`, 'load_module /usr/lib/nginx/modules/ngx_http_modsecurity_module.so;\n')]);
  start(0, ['./palisade', 'waf', 'serve', '--listen', `127.0.0.1:${ports.palisade}`, '--upstream', `http://127.0.0.1:${ports.application}`, '--rules', setup, '--rules', rules, '--mode', 'block'], { PALISADE_HOME: folder, ...(process.env['PALISADE_DEV'] === undefined ? {} : { PALISADE_DEV: '1' }) });
  const servers = alone ? (['palisade'] as const) : (['nginx', 'palisade'] as const);
  for (const server of servers) await listening(ports[server]);
  let seed = 1;
  for (const kind of kinds) {
    const figures: Record<string, number[]> = { nginx: [], palisade: [] };
    for (const server of servers) load(ports[server], kind, (seed += 1));
    for (let round = 0; round < rounds; round += 1) for (const server of servers) figures[server]!.push(load(ports[server], kind, (seed += 1)));
    const words = servers.map((server) => `${server} ${median(figures[server]!).toFixed(0)} (${figures[server]!.map((figure) => figure.toFixed(0)).join(' ')})`).join(', ');
    const ratio = alone ? '' : `, ratio of medians ${(median(figures['palisade']!) / median(figures['nginx']!)).toFixed(1)} (target ${targets[kind]})`;
    process.stdout.write(`${kind}: requests a second ${words}${ratio}\n`);
  }
}

try {
  await main();
} finally {
  for (const child of running) child.kill('SIGTERM');
  await Promise.all(running.map((child) => (child.exitCode === null && child.signalCode === null ? new Promise((resolve) => void child.once('exit', resolve)) : undefined)));
  rmSync(folder, { recursive: true, force: true });
}

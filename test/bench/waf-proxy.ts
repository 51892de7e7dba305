import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { listening } from './waf/listening.ts';

// One worker of `palisade waf serve` beside one worker of nginx with libmodsecurity, both with Debian's CRS at paranoia
// level 1, blocking, in front of the same application. Needs Debian's nginx-light, libnginx-mod-http-modsecurity,
// modsecurity-crs and wrk, and two cores: the server under test has one for itself, wrk and the application the other.
// Arguments: [--seconds N] for each run (5; V8 needs some thousand requests before it runs at full speed), [--rounds N] (5),
// [--kinds get,args,form,json], [--palisade] leaves nginx out.

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

function start(core: number, command: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn('taskset', ['-c', String(core), ...command], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  running.push(child);
  return child;
}

/** Seconds of processor time that a process and its children have used. */
function processorSeconds(pid: number): number {
  const parents = new Map<number, { readonly parent: number; readonly ticks: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
      parents.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // it ended in between
    }
  }
  const below = (id: number): boolean => id === pid || (parents.has(id) && id > 1 && below(parents.get(id)!.parent));
  return [...parents].reduce((sum, [id, { ticks }]) => sum + (below(id) ? ticks : 0), 0) / 100;
}

type Figure = { readonly perSecond: number; /** Of processor time of the server: what is left of the figure on a machine that does other things too. */ readonly perProcessorSecond: number };

/** One run; says so when more than one in fifty requests was refused. */
function load(server: ChildProcess, port: number, kind: string, seed: number): Figure {
  const before = processorSeconds(server.pid!);
  const text = execFileSync('taskset', ['-c', '1', 'wrk', '-t1', '-c8', `-d${seconds}s`, '-s', path.join(import.meta.dirname, 'waf/requests.lua'), `http://127.0.0.1:${port}`, '--', kind, String(seed)], { encoding: 'utf8' });
  const found = /RESULT (\d+) (\d+) (\d+)/.exec(text);
  if (found === null || Number(found[1]) === 0) throw new Error(`wrk said: ${text}`);
  if (Number(found[3]) > Number(found[1]) / 50) process.stdout.write(`${kind}, port ${port}: ${found[3]!} of ${found[1]!} requests were refused\n`);
  return { perSecond: Number(found[1]) / (Number(found[2]) / 1e6), perProcessorSecond: Number(found[1]) / (processorSeconds(server.pid!) - before) };
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
  const started: Record<string, ChildProcess> = {};
  if (!alone) started['nginx'] = start(0, ['nginx', '-c', nginxConfig('modsecurity', `upstream application { server 127.0.0.1:${ports.application}; keepalive 32; keepalive_requests 10000000; }\nmodsecurity on; modsecurity_rules_file ${own};\nserver { listen 127.0.0.1:${ports.nginx}; ${proxied} }`, 'load_module /usr/lib/nginx/modules/ngx_http_modsecurity_module.so;\n')]);
  started['palisade'] = start(0, ['./palisade', 'waf', 'serve', '--listen', `127.0.0.1:${ports.palisade}`, '--upstream', `http://127.0.0.1:${ports.application}`, '--rules', setup, '--rules', rules, '--mode', 'block'], { PALISADE_HOME: folder });
  const servers = alone ? (['palisade'] as const) : (['nginx', 'palisade'] as const);
  for (const server of servers) await listening(ports[server]);
  let seed = 1;
  for (const kind of kinds) {
    const figures: Record<string, Figure[]> = { nginx: [], palisade: [] };
    for (const server of servers) load(started[server]!, ports[server], kind, (seed += 1));
    for (let round = 0; round < rounds; round += 1) for (const server of servers) figures[server]!.push(load(started[server]!, ports[server], kind, (seed += 1)));
    for (const [measure, words] of [['perSecond', 'second'], ['perProcessorSecond', 'second of the server\'s processor time']] as const) {
      const said = servers.map((server) => `${server} ${median(figures[server]!.map((figure) => figure[measure])).toFixed(0)} (${figures[server]!.map((figure) => figure[measure].toFixed(0)).join(' ')})`).join(', ');
      const ratio = alone ? '' : `, ratio of medians ${(median(figures['palisade']!.map((figure) => figure[measure])) / median(figures['nginx']!.map((figure) => figure[measure]))).toFixed(1)} (target ${targets[kind]})`;
      process.stdout.write(`${kind}: requests a ${words}: ${said}${ratio}\n`);
    }
  }
}

try {
  await main();
} finally {
  for (const child of running) child.kill('SIGTERM');
  const still = running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  await Promise.all(still.map((child) => new Promise((resolve) => void child.once('exit', resolve))));
  rmSync(folder, { recursive: true, force: true });
}

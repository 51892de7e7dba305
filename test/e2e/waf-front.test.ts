import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WafEvent } from '@palisade/model/waf-event';
import { startTestEngine } from '../../scripts/test-engine.ts';
import type { TestEngine } from '../../scripts/test-engine.ts';

// Containers with an application on port 8080 that says who asked, on three kinds of networks; clients are containers or
// name spaces beside them. Nothing leaves these networks.

const root = path.resolve(import.meta.dirname, '../..');
const place = mkdtempSync(path.join(tmpdir(), 'palisade-front-test-'));
const mark = process.pid.toString(36);
const octet = 16 + (process.pid % 200);
const names = { bridge: `pb${mark}`, parent: `pp${mark}`, own: `po${mark}`, ends: [`pv${mark}`, `pw${mark}`, `px${mark}`, `py${mark}`] as const };
const rules = path.join(place, 'rules.conf');
let engine: TestEngine | undefined;
const protectors: Protector[] = [];

const docker = (...args: readonly string[]): string => execFileSync('docker', args, { env: { ...process.env, DOCKER_HOST: `unix://${engine!.socket}`, DOCKER_API_VERSION: '1.41' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const pidOf = (container: string): string => docker('inspect', '-f', '{{.State.Pid}}', container);

const oneRequest = "const [url] = process.argv.slice(1); require('node:http').get(url, { agent: false, timeout: 10_000 }, (answer) => { let text = ''; answer.on('data', (bytes) => (text += bytes)); answer.on('end', () => console.log(answer.statusCode === 200 ? text : `status ${answer.statusCode}`)); }).on('timeout', () => process.exit(1)).on('error', (error) => console.log(error.code));";

/** What a client in the network of a container gets: the text, else the status or the error's name. */
function ask(client: string, url: string): string {
  return spawnSync('nsenter', ['-t', client, '-n', process.execPath, '-e', oneRequest, url], { encoding: 'utf8' }).stdout.trim();
}
const who = (address: string, query = ''): string => `http://${address.includes(':') ? `[${address}]` : address}:8080/who${query}`;
const blocked = 'status 403';

type Protector = { readonly child: ChildProcess; readonly events: WafEvent[]; said(): string; until(pattern: RegExp): Promise<void>; stop(): Promise<void> };

/** `palisade waf protect`, from source. */
function protect(container: string, ...more: readonly string[]): Protector {
  const child = spawn(path.join(root, 'palisade'), ['waf', 'protect', container, '--port', '8080', '--rules', rules, '--mode', 'block', '--worker-user', String(workerUser()), ...more], { env: { ...process.env, PALISADE_DEV: '1', LANG: 'C', PALISADE_HOME: place, DOCKER_HOST: `unix://${engine!.socket}` }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const events: WafEvent[] = [];
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.map((line) => JSON.parse(line) as WafEvent));
  });
  const protector: Protector = {
    child, events, said: () => said,
    async until(pattern) {
      for (let tries = 0; !pattern.test(said); tries += 1) {
        if (tries > 600 || child.exitCode !== null) throw new Error(`${String(pattern)} was not said: ${said}`);
        await sleep(100);
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
  protectors.push(protector);
  return protector;
}

/** A checkout that only root may enter can't be run by another user. */
function workerUser(): number {
  for (let folder = root; ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 1) === 0) return 0;
    if (folder === '/') return 65_532;
  }
}

/** The worker processes of a protector, and the warden between them. */
function processesOf(protector: Protector): { warden: number; workers: number[] } {
  const children = (pid: number): number[] => spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).map(Number);
  const warden = children(protector.child.pid!).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('warden\0front')) ?? 0;
  return { warden, workers: children(warden) };
}

function application(name: string, ...network: readonly string[]): string {
  docker('run', '-d', '--name', name, ...network, 'front-app:test', '/bin/node', '/app.js');
  return pidOf(name);
}

beforeAll(async () => {
  const tree = path.join(place, 'tree');
  mkdirSync(path.join(tree, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', path.join(tree, 'bin/busybox'));
  symlinkSync('busybox', path.join(tree, 'bin/sleep'));
  copyFileSync(process.execPath, path.join(tree, 'bin/node'));
  for (const [, library = ''] of execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(path.dirname(path.join(tree, library)), { recursive: true });
    copyFileSync(library, path.join(tree, library));
  }
  writeFileSync(path.join(tree, 'app.js'), "require('node:http').createServer((request, answer) => answer.end(`client=${request.socket.remoteAddress} query=${request.url.split('?')[1] ?? ''} forwarded=${request.headers['x-forwarded-for'] ?? ''}`)).listen(8080, '::')");
  chmodSync(place, 0o755);
  writeFileSync(rules, 'SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:403,msg:\'An attack\',severity:CRITICAL"\n');
  engine = await startTestEngine();
  execFileSync('sh', ['-c', `tar -C "$1" -c . | docker import - front-app:test`, 'sh', tree], { env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_API_VERSION: '1.41' }, stdio: 'pipe' });
  docker('network', 'create', '-d', 'bridge', '--subnet', `10.${octet}.77.0/24`, '--ipv6', '--subnet', `fd77:${octet}::/64`, '-o', `com.docker.network.bridge.name=${names.bridge}`, 'bridged');
}, 120_000);

afterAll(async () => {
  await Promise.all(protectors.map((protector) => protector.stop()));
  await engine?.stop();
  for (const link of [names.bridge, names.parent, names.own, ...names.ends]) spawnSync('ip', ['link', 'del', link]);
  rmSync(place, { recursive: true, force: true });
}, 60_000);

describe('in front of a container on Docker\'s bridge', () => {
  let client = '';
  const at = [`10.${octet}.77.10`, `fd77:${octet}::10`];
  const from = [`10.${octet}.77.20`, `fd77:${octet}::20`];
  let protector: Protector;
  beforeAll(async () => {
    application('shop', '--network', 'bridged', '--ip', at[0]!, '--ip6', at[1]!);
    docker('run', '-d', '--name', 'visitor', '--network', 'bridged', '--ip', from[0]!, '--ip6', from[1]!, 'front-app:test', '/bin/sleep', '100000');
    client = pidOf('visitor');
    await answering(client, at[0]!);
    protector = protect('shop', '--workers', '2');
    await protector.until(/block on port 8080 of shop \(IPv4, IPv6\), fails open/);
  }, 120_000);

  it('passes what is ordinary with the client\'s own address, and stops an attack, over both IPv4 and IPv6', async () => {
    for (const [index, address] of at.entries()) {
      expect(ask(client, who(address, '?q=hello'))).toMatch(new RegExp(`client=(::ffff:)?${from[index]} query=q=hello forwarded=$`));
      expect(ask(client, who(address, '?q=attack'))).toBe(blocked);
    }
    await expect.poll(() => protector.events.filter((event) => event.action === 'blocked').map((event) => [event.client, event.site]), { timeout: 10_000 }).toEqual(from.map((one) => [one, 'shop:8080']));
  });

  it('refuses connections to the worker\'s own port that were not redirected', () => {
    const listening = execFileSync('nsenter', ['-t', pidOf('shop'), '-n', 'ss', '-Htln4'], { encoding: 'utf8' }).split('\n').map((line) => /0\.0\.0\.0:(\d+)/.exec(line)?.[1]).filter((port) => port !== undefined && port !== '8080');
    expect(listening).toHaveLength(1);
    expect(ask(client, `http://${at[0]}:${listening[0]}/`)).toMatch(/ECONNREFUSED|ECONNRESET/);
  });

  it('serves many clients at once, and goes on when a worker is killed', async () => {
    const { workers } = processesOf(protector);
    expect(workers).toHaveLength(2);
    const script = `const http=require('node:http');let left=300,ok=0,bad=0;const go=()=>{if(left--<=0)return;http.get({host:'${at[0]}',port:8080,path:'/who?n='+left,agent:false},(r)=>{let t='';r.on('data',(b)=>t+=b);r.on('end',()=>{if(t.includes('client='))ok++;else bad++;go()})}).on('error',()=>{bad++;go()})};for(let i=0;i<24;i++)go();process.on('exit',()=>console.log(ok,bad))`;
    const load = (): [number, number] => execFileSync('nsenter', ['-t', client, '-n', process.execPath, '-e', script], { encoding: 'utf8' }).trim().split(' ').map(Number) as [number, number];
    expect(load()).toEqual([300, 0]);
    process.kill(workers[0]!, 'SIGKILL');
    expect(ask(client, who(at[0]!, '?q=attack'))).toBe(blocked);
    await expect.poll(() => processesOf(protector).workers.filter((pid) => !workers.includes(pid)), { timeout: 20_000 }).toHaveLength(1);
    expect(load()).toEqual([300, 0]);
  }, 60_000);

  it('opens the port within two seconds when worker, warden and command are all killed at once', async () => {
    const { warden, workers } = processesOf(protector);
    for (const pid of [...workers, warden, protector.child.pid!]) process.kill(pid, 'SIGKILL');
    const killed = Date.now();
    let opened = 0;
    // Looked at from inside the name space too: the kernel's own word on when the redirect ended.
    const taken = (): string => execFileSync('nsenter', ['-t', pidOf('shop'), '-n', 'nft', 'list', 'set', 'inet', 'palisade_waf_8080', 'taken'], { encoding: 'utf8' });
    expect(taken()).toMatch(/expires [01]?\.?\d*m?s/);
    while (opened === 0 && Date.now() - killed < 30_000) if (ask(client, who(at[0]!, '?q=attack')).includes('client=')) opened = Date.now() - killed;
    expect(opened).toBeGreaterThan(0);
    expect(taken()).not.toMatch(/expires/);
  }, 60_000);

  it('stays closed where it must not open, until it is let go', async () => {
    const closed = protect('shop', '--fail', 'closed');
    await closed.until(/fails closed/);
    expect(ask(client, who(at[0]!))).toContain('client=');
    const { warden, workers } = processesOf(closed);
    for (const pid of [...workers, warden, closed.child.pid!]) process.kill(pid, 'SIGKILL');
    await sleep(2500);
    expect(ask(client, who(at[0]!))).toMatch(/ECONNREFUSED|ECONNRESET/);
    execFileSync(path.join(root, 'palisade'), ['waf', 'unprotect', 'shop', '--port', '8080'], { env: { ...process.env, PALISADE_DEV: '1', LANG: 'C', DOCKER_HOST: `unix://${engine!.socket}` }, stdio: 'pipe' });
    expect(ask(client, who(at[0]!))).toContain('client=');
  }, 60_000);

  it('lets the port go in order, follows the container into its next run, and hides the client only when told to', async () => {
    const hidden = protect('shop', '--hide-client-address');
    await hidden.until(/RISK: client address hidden/);
    expect(ask(client, who(at[0]!))).toMatch(new RegExp(`client=(::ffff:)?${at[0]} query= forwarded=${from[0]}$`));
    docker('restart', '-t', '0', 'shop');
    await expect.poll(() => ask(client, who(at[0]!, '?q=attack')), { timeout: 30_000 }).toBe(blocked);
    await hidden.stop();
    expect(hidden.child.exitCode).toBe(0);
    expect(ask(client, who(at[0]!, '?q=attack'))).toContain('client=');
    expect(execFileSync('nsenter', ['-t', pidOf('shop'), '-n', 'nft', 'list', 'ruleset'], { encoding: 'utf8' })).not.toContain('palisade');
  }, 60_000);
});

describe.concurrent('in front of containers on other networks', () => {
  it('works under macvlan', async () => {
    ip('link', 'add', names.parent, 'type', 'bridge');
    ip('link', 'set', names.parent, 'up');
    docker('network', 'create', '-d', 'macvlan', '--subnet', `10.${octet}.78.0/24`, '-o', `parent=${names.parent}`, 'macvlanned');
    application('lan', '--network', 'macvlanned', '--ip', `10.${octet}.78.10`);
    docker('run', '-d', '--name', 'neighbour', '--network', 'macvlanned', '--ip', `10.${octet}.78.20`, 'front-app:test', '/bin/sleep', '100000');
    await acceptNetwork('lan', pidOf('neighbour'), `10.${octet}.78.10`, `10.${octet}.78.20`);
  }, 90_000);

  it('works under a bridge that someone made by hand', async () => {
    const pid = application('hand', '--network', 'none');
    docker('run', '-d', '--name', 'hand-visitor', '--network', 'none', 'front-app:test', '/bin/sleep', '100000');
    const visitor = pidOf('hand-visitor');
    ip('link', 'add', names.own, 'type', 'bridge');
    ip('link', 'set', names.own, 'up');
    for (const [index, owner] of [pid, visitor].entries()) {
      const [near, far] = [names.ends[index * 2]!, names.ends[index * 2 + 1]!];
      ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
      ip('link', 'set', near, 'master', names.own, 'up');
      ip('link', 'set', far, 'netns', owner);
      for (const args of [['addr', 'add', `10.${octet}.79.${10 + index * 10}/24`, 'dev', far], ['link', 'set', far, 'up']]) execFileSync('nsenter', ['-t', owner, '-n', 'ip', ...args]);
    }
    await acceptNetwork('hand', visitor, `10.${octet}.79.10`, `10.${octet}.79.20`);
  }, 90_000);
});

async function answering(client: string, address: string): Promise<void> {
  for (let tries = 0; !ask(client, who(address)).includes('client='); tries += 1) {
    if (tries > 100) throw new Error(`nothing answers at ${address}`);
    await sleep(100);
  }
}

async function acceptNetwork(container: string, client: string, address: string, from: string): Promise<void> {
  await answering(client, address);
  const protector = protect(container);
  await protector.until(/block on port 8080/);
  expect(ask(client, who(address))).toMatch(new RegExp(`client=(::ffff:)?${from} `));
  expect(ask(client, who(address, '?q=attack'))).toBe(blocked);
  await protector.stop();
}

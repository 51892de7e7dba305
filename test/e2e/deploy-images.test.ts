import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImages } from '../../deploy/build-images.ts';
import { startTestEngine } from '../../scripts/test-engine.ts';
import type { TestEngine } from '../../scripts/test-engine.ts';
import { person } from './console-client.ts';
import type { Person } from './console-client.ts';
import { eventually, freePorts } from './console-process.ts';
import { ask } from './front-world.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'palisade-deploy-'));
let engine: TestEngine;
let ports: number[];
let admin: Person;
// What the product asks for, and nothing besides: no privileged mode, no capability that is not listed, no writable root.
const locked = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--tmpfs', '/tmp', '--network', 'host'];
// This engine doesn't know BPF and PERFMON: SYS_ADMIN stands for them.
const nodeCapabilities = ['SYS_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH', 'KILL', 'NET_ADMIN', 'SETUID', 'SETGID'];
const unified = existsSync('/sys/fs/cgroup/unified/cgroup.procs') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
const bridge = `pd${process.pid.toString(36)}`;
const tracing = path.join(folder, 'tracing');

function docker(...args: readonly string[]): string {
  return execFileSync('docker', ['-H', `unix://${engine.socket}`, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DOCKER_API_VERSION: '1.41' } });
}

function logs(name: string): string {
  try {
    return execFileSync('sh', ['-c', 'docker -H "$1" logs "$2" 2>&1 | tail -40', 'sh', `unix://${engine.socket}`, name], { encoding: 'utf8', env: { ...process.env, DOCKER_API_VERSION: '1.41' } });
  } catch (error) {
    return String(error);
  }
}

beforeAll(async () => {
  if (!existsSync(path.join(root, 'dist/cli/main.js'))) execFileSync('sh', [path.join(root, 'scripts/prepare.sh')], { stdio: 'pipe' });
  if (!existsSync(path.join(root, 'sensor/build/warden'))) execFileSync('sh', [path.join(root, 'scripts/build-sensor.sh')], { stdio: 'pipe' });
  mkdirSync(tracing);
  mkdirSync(path.join(folder, 'rules'));
  writeFileSync(path.join(folder, 'rules/own.conf'), 'SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:403,msg:\'An attack\'"\n');
  execFileSync('mount', ['-t', 'tracefs', 'tracefs', tracing]);
  engine = await startTestEngine();
  const images = await buildImages(folder);
  for (const file of Object.values(images)) {
    docker('load', '-i', file);
    rmSync(file);
  }
  ports = await freePorts(2);
});
afterAll(async () => {
  for (const name of ['node', 'console', 'shop', 'visitor']) if (engine !== undefined) try {
    docker('rm', '-f', '-v', name);
  } catch {
    // It never ran.
  }
  await engine?.stop();
  spawnSync('umount', [tracing]);
  spawnSync('ip', ['link', 'del', bridge]);
  rmSync(folder, { recursive: true, force: true });
});

it('the console image runs without root, capabilities or a writable root, with a Postgres of its own', async () => {
  const [api, gateway] = ports;
  docker('run', '-d', '--name', 'console', ...locked, '-v', 'console:/var/lib/palisade', '-e', `PALISADE_LISTEN=127.0.0.1:${api}`, '-e', `PALISADE_AGENT_LISTEN=127.0.0.1:${gateway}`, 'palisade-console:0.1.0');
  const health = await eventually('the console answers', async () => {
    const answer = await fetch(`http://127.0.0.1:${api}/healthz`);
    return answer.ok ? ((await answer.json()) as unknown) : undefined;
  }, () => logs('console'));
  expect(health).toMatchObject({ status: 'ok' });
  expect((await fetch(`http://127.0.0.1:${api}/readyz`)).status).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${api}/`)).text()).toContain('<div id="root"');
  const [, setup = ''] = await eventually('the first-run link', () => /first run: .*(http\S+)/.exec(logs('console')) ?? undefined);
  admin = await person(`http://127.0.0.1:${api}`, { setup, name: 'ada', password: 'correct horse battery' });
  expect(docker('inspect', '-f', '{{.Config.User}} {{.HostConfig.Privileged}} {{.HostConfig.ReadonlyRootfs}}', 'console').trim()).toBe('65532:65532 false true');
});

it('the node image enrols and reports the engine it runs on, with the listed capabilities alone', async () => {
  const join = (await admin.call('POST', '/join-tokens', { cluster: 'lab' })).body['token'] as unknown as string;
  docker('run', '-d', '--name', 'node', ...locked, ...nodeCapabilities.flatMap((name) => ['--cap-add', name]), '-v', 'node:/var/lib/palisade', '-v', `${engine.socket}:/run/engine.sock`, '-v', '/proc:/hostproc:ro', '-v', `${tracing}:/sys/kernel/tracing:ro`, '-v', `${unified}:/sys/fs/cgroup/unified:ro`, '-v', `${path.join(folder, 'rules')}:/rules:ro`,
    '-e', 'DOCKER_HOST=unix:///run/engine.sock', '-e', `PALISADE_JOIN=${join}`, 'palisade-node:0.1.0', 'agent', '--no-host-scan', '--name', 'node-c');
  await eventually('the agent is enrolled', async () => {
    const items = (await admin.call('GET', '/agents')).body['items'] as unknown as { name: string }[];
    return items.some((one) => one.name === 'node-c') ? true : undefined;
  }, () => logs('node'));
  // Its own two images are what the engine holds.
  const names = await eventually('the images of the engine are reported', async () => {
    const items = (await admin.call('GET', '/images')).body['items'] as unknown as { name: string }[];
    return items.length >= 2 ? items.map((one) => one.name).sort() : undefined;
  }, () => logs('node'));
  expect(names).toEqual(['palisade-console:0.1.0', 'palisade-node:0.1.0']);
  expect(docker('exec', 'node', '/opt/palisade/sensor/build/warden', 'probe')).toMatch(/[{a-z]/);
});

it('the node container\'s first process is the warden; the agent holds only what looking takes, and is back when it is killed', async () => {
  const first = Number(docker('inspect', '-f', '{{.State.Pid}}', 'node').trim());
  const text = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  const child = (words: RegExp): number | undefined => text(first, `task/${first}/children`).split(' ').filter(Boolean).map(Number).find((pid) => words.test(text(pid, 'cmdline').replaceAll('\0', ' ')));
  const agent = (): number | undefined => child(/main\.js agent/);
  const sensor = (): number | undefined => child(/warden run /);
  expect(text(first, 'cmdline')).toContain('warden\0supervise');
  const before = { agent: await eventually('the agent', () => Promise.resolve(agent()), () => logs('node')), sensor: await eventually('the sensor', () => Promise.resolve(sensor()), () => logs('node')) };
  // SYS_PTRACE and DAC_READ_SEARCH.
  expect(text(before.agent, 'status')).toMatch(/^CapPrm:\s+0000000000080004\nCapEff:\s+0000000000080004$/m);
  process.kill(before.agent, 'SIGKILL');
  await eventually('another agent with another sensor', () => Promise.resolve(agent() !== undefined && agent() !== before.agent && sensor() !== undefined && sensor() !== before.sensor ? true : undefined), () => logs('node'));
  expect(docker('inspect', '-f', '{{.State.Pid}}', 'node').trim()).toBe(String(first));
}, 120_000);

it('from inside that container the agent stands in front of a labelled container; with all of it killed at once the port is open', async () => {
  const subnet = `10.${16 + (process.pid % 200)}.75`;
  const address = `${subnet}.10`;
  docker('exec', 'node', '/usr/bin/node', '/opt/palisade/dist/cli/main.js', 'waf', 'rules', 'install', '/rules/own.conf');
  docker('network', 'create', '-d', 'bridge', '--subnet', `${subnet}.0/24`, '-o', `com.docker.network.bridge.name=${bridge}`, 'bridged');
  docker('run', '-d', '--name', 'visitor', '--network', 'bridged', '--entrypoint', '/usr/bin/node', 'palisade-node:0.1.0', '-e', 'setInterval(() => undefined, 1000)');
  docker('run', '-d', '--name', 'shop', '--network', 'bridged', '--ip', address, '--label', 'palisade.waf.port=8080', '--label', 'palisade.waf.mode=block', '--entrypoint', '/usr/bin/node', 'palisade-node:0.1.0', '-e', 'require("node:http").createServer((request, answer) => answer.end(`client=${request.socket.remoteAddress}`)).listen(8080)');
  const [visitor, seen] = docker('inspect', '-f', '{{.State.Pid}} {{.NetworkSettings.Networks.bridged.IPAddress}}', 'visitor').trim().split(' ') as [string, string];
  const got = (query: string): string | undefined => (ask(visitor, `http://${address}:8080/${query}`) || undefined);
  await eventually('the firewall in front', () => (got('?q=attack') === 'status 403' ? true : undefined), () => logs('node'));
  expect(got('?q=tea')).toMatch(new RegExp(`client=(::ffff:)?${seen}$`));
  const events = await eventually('the event in the console', async () => {
    const items = (await admin.call('GET', '/waf/events')).body['items'] as unknown as { event: { client: string; site: string; action: string } }[] | undefined;
    return items !== undefined && items.length > 0 ? items : undefined;
  }, () => logs('node'));
  expect(events[0]!.event).toMatchObject({ client: seen, site: 'shop:8080', action: 'blocked' });
  docker('kill', '-s', 'KILL', 'node');
  await eventually('the open port', () => (got('?q=attack')?.includes('client=') === true ? true : undefined));
}, 180_000);

it('keeps its state in the volume and ends in order', async () => {
  const [api] = ports;
  docker('stop', '-t', '30', 'console');
  expect(docker('inspect', '-f', '{{.State.ExitCode}}', 'console').trim()).toBe('0');
  docker('start', 'console');
  await eventually('it answers again', async () => ((await fetch(`http://127.0.0.1:${api}/readyz`)).ok ? true : undefined), () => logs('console'));
  await sleep(100);
  expect((await admin.call('GET', '/session')).body).toMatchObject({ user: { name: 'ada' } });
});

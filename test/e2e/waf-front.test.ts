import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardContainers } from '@palisade/app-agent/waf/guard-containers';
import { dockerEngine } from '@palisade/engine/docker/engine';
import type { Gap } from '@palisade/model/gap';
import { conformance, unpack } from '../conformance-data.ts';
import { attacks, ordinary } from './front-attacks.ts';
import { answering, ask, at, frontWorld, killAll, processesOf, workerUser } from './front-world.ts';
import type { Protector } from './front-world.ts';

// Containers with a shop on port 8080, on three kinds of networks; clients are containers beside them. Nothing leaves
// these networks.

const root = path.resolve(import.meta.dirname, '../..');
const mark = process.pid.toString(36);
const octet = 16 + (process.pid % 200);
const names = { bridge: `pb${mark}`, parent: `pp${mark}`, own: `po${mark}`, ends: [`pv${mark}`, `pw${mark}`, `px${mark}`, `py${mark}`] as const };
const shop = { v4: `10.${octet}.77.10`, v6: `fd77:${octet}::10` };
const visitor = { v4: `10.${octet}.77.20`, v6: `fd77:${octet}::20` };
const blocked = 'status 403';
const who = (address: string, query = ''): string => at(address, `/who${query}`);
const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

let world: Awaited<ReturnType<typeof frontWorld>>;
let rules = '';
let client = '';
const inside = (container: string, ...command: readonly string[]): string => execFileSync('nsenter', ['-t', world.pidOf(container), '-n', ...command], { encoding: 'utf8' });

beforeAll(async () => {
  world = await frontWorld();
  rules = path.join(world.place, 'rules.conf');
  writeFileSync(rules, 'SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:403,msg:\'An attack\',severity:CRITICAL"\n');
  world.docker('network', 'create', '-d', 'bridge', '--subnet', `10.${octet}.77.0/24`, '--ipv6', '--subnet', `fd77:${octet}::/64`, '-o', `com.docker.network.bridge.name=${names.bridge}`, 'bridged');
  world.shop('shop', '--network', 'bridged', '--ip', shop.v4, '--ip6', shop.v6);
  world.visitor('visitor', '--network', 'bridged', '--ip', visitor.v4, '--ip6', visitor.v6);
  client = world.pidOf('visitor');
  await answering(client, shop.v4);
}, 120_000);

afterAll(async () => {
  await world?.end();
  for (const link of [names.bridge, names.parent, names.own, ...names.ends]) spawnSync('ip', ['link', 'del', link]);
}, 60_000);

describe('in front of a container on Docker\'s bridge', () => {
  let protector: Protector;
  beforeAll(async () => {
    protector = world.protect('shop', '--rules', rules, '--workers', '2');
    await protector.until(/block on port 8080 of shop \(IPv4, IPv6\), fails open/);
  }, 90_000);

  it('passes what is ordinary with the client\'s own address, and stops an attack, over both IPv4 and IPv6', async () => {
    for (const family of ['v4', 'v6'] as const) {
      expect(ask(client, who(shop[family], '?q=hello'))).toMatch(new RegExp(`client=(::ffff:)?${visitor[family]} query=q=hello forwarded=;`));
      expect(ask(client, who(shop[family], '?q=attack'))).toBe(blocked);
    }
    await expect.poll(() => protector.events.filter((event) => event.action === 'blocked').map((event) => [event.client, event.site]), { timeout: 10_000 }).toEqual([[visitor.v4, 'shop:8080'], [visitor.v6, 'shop:8080']]);
  });

  it('refuses connections to the worker\'s own port that were not redirected', () => {
    const listening = inside('shop', 'ss', '-Htln4').split('\n').flatMap((line) => /0\.0\.0\.0:(\d+)/.exec(line)?.[1] ?? []);
    expect(listening).toHaveLength(1);
    expect(ask(client, `http://${shop.v4}:${listening[0]}/`)).toMatch(/ECONNREFUSED|ECONNRESET/);
  });

  it('serves many clients at once, and goes on when a worker is killed', async () => {
    const { workers } = processesOf(protector);
    expect(workers).toHaveLength(2);
    const script = `const http=require('node:http');let left=200,ok=0,bad=0;const go=()=>{if(left--<=0)return;http.get({host:'${shop.v4}',port:8080,path:'/who?n='+left,agent:false},(r)=>{let t='';r.on('data',(b)=>t+=b);r.on('end',()=>{if(t.includes('client='))ok++;else bad++;go()})}).on('error',()=>{bad++;go()})};for(let i=0;i<24;i++)go();process.on('exit',()=>console.log(ok,bad))`;
    const load = (): [number, number] => execFileSync('nsenter', ['-t', client, '-n', process.execPath, '-e', script], { encoding: 'utf8' }).trim().split(' ').map(Number) as [number, number];
    expect(load()).toEqual([200, 0]);
    process.kill(workers[0]!, 'SIGKILL');
    expect(ask(client, who(shop.v4, '?q=attack'))).toBe(blocked);
    await expect.poll(() => processesOf(protector).workers.filter((pid) => !workers.includes(pid)), { timeout: 20_000 }).toHaveLength(1);
    expect(load()).toEqual([200, 0]);
  }, 60_000);

  it('takes new rules with new workers, and keeps the old ones where they do not load', async () => {
    const first = readFileSync(rules, 'utf8');
    writeFileSync(rules, `${first}SecRule ARGS "@noSuchOperator x" "id:2,phase:2,deny"\n`);
    protector.child.kill('SIGHUP');
    await protector.until(/the old rules stay at work: .*rules\.conf:2: .*noSuchOperator/s);
    writeFileSync(rules, `${first}SecRule ARGS "@contains later" "id:2,phase:2,deny,status:403"\n`);
    const before = processesOf(protector).workers;
    protector.child.kill('SIGHUP');
    await expect.poll(() => processesOf(protector).workers.some((pid) => before.includes(pid)), { timeout: 60_000 }).toBe(false);
    expect(ask(client, who(shop.v4, '?q=later'))).toBe(blocked);
    expect(ask(client, who(shop.v4, '?q=attack'))).toBe(blocked);
  }, 90_000);

  it('opens the port within two seconds when worker, warden and command are all killed at once', async () => {
    killAll(protector);
    // The kernel's own word on when the redirect ends, and then that it did.
    const taken = (): string => inside('shop', 'nft', 'list', 'set', 'inet', 'palisade_waf_8080', 'taken');
    expect(taken()).toMatch(/timeout 2s expires (?:1s)?\d+ms|timeout 2s expires [12]s/);
    for (let tries = 0; !ask(client, who(shop.v4, '?q=attack')).includes('client='); tries += 1) {
      expect(tries).toBeLessThan(200);
      await sleep(50);
    }
    expect(taken()).not.toMatch(/expires/);
  }, 60_000);
});

conformance('in front of a vulnerable application, with the Core Rule Set', ['crs-4.28.0-rules.tar.gz'], () => {
  it('stops what harms it and nothing else; closed when killed, until it is let go', async () => {
    for (const { name, run, harm } of attacks) expect(run(client, shop.v4), `${name}, nothing in front`).toMatch(harm);
    world.docker('exec', 'shop', '/bin/busybox', 'rm', '-r', '/www/uploads');
    const crs = unpack('crs-4.28.0-rules.tar.gz');
    execFileSync('chmod', ['-R', 'a+rX', crs]);
    copyFileSync(path.join(crs, 'crs-setup.conf.example'), path.join(crs, 'crs-setup.conf'));
    const protector = world.protect('shop', '--fail', 'closed', '--rules', path.join(crs, 'crs-setup.conf'), '--rules', path.join(crs, 'rules/*.conf'));
    await protector.until(/fails closed/);
    for (const { name, run, answer } of ordinary) expect(run(client, shop.v4), name).toMatch(answer);
    for (const { name, run, harm } of attacks) {
      const got = run(client, shop.v4);
      expect(got, name).toMatch(/^status 403/);
      expect(got, name).not.toMatch(harm);
    }
    killAll(protector);
    await sleep(2500);
    expect(ask(client, who(shop.v4))).toMatch(/ECONNREFUSED|ECONNRESET/);
    world.palisade('waf', 'unprotect', 'shop', '--port', '8080');
    expect(ask(client, who(shop.v4))).toContain('client=');
  }, 120_000);
});

it('lets the port go in order, follows the container into its next run, and hides the client only when told to', async () => {
  const hidden = world.protect('shop', '--rules', rules, '--hide-client-address');
  await hidden.until(/RISK: client address hidden/);
  expect(ask(client, who(shop.v4))).toMatch(new RegExp(`client=(::ffff:)?${shop.v4} query= forwarded=${visitor.v4};`));
  world.docker('restart', '-t', '0', 'shop');
  await expect.poll(() => ask(client, who(shop.v4, '?q=attack')), { timeout: 30_000 }).toBe(blocked);
  await hidden.stop();
  expect(hidden.child.exitCode).toBe(0);
  expect(ask(client, who(shop.v4, '?q=attack'))).toContain('client=');
  expect(inside('shop', 'nft', 'list', 'ruleset')).not.toContain('palisade');
}, 60_000);

describe.concurrent('in front of containers on other networks', () => {
  it('works under macvlan, as the container\'s labels ask', async () => {
    ip('link', 'add', names.parent, 'type', 'bridge');
    ip('link', 'set', names.parent, 'up');
    world.docker('network', 'create', '-d', 'macvlan', '--subnet', `10.${octet}.78.0/24`, '-o', `parent=${names.parent}`, 'macvlanned');
    const id = world.shop('lan', '--network', 'macvlanned', '--ip', `10.${octet}.78.10`, '--label', 'palisade.waf.port=8080', '--label', 'palisade.waf.mode=block');
    const wrong = world.visitor('neighbour', '--network', 'macvlanned', '--ip', `10.${octet}.78.20`, '--label', 'palisade.waf.port=http');
    const from = world.pidOf('neighbour');
    const [address, seen] = [`10.${octet}.78.10`, `10.${octet}.78.20`];
    await answering(from, address);
    let gaps: readonly Gap[] = [];
    const guard = guardContainers(
      {
        program: path.join(root, 'sensor/build/warden'), user: workerUser(), env: process.env,
        command: (file) => [process.execPath, '--disable-warning=ExperimentalWarning', path.join(root, 'apps/cli/src/main.ts'), '__waf-front', file],
        patches: () => [{ rule: 102, cves: ['CVE-2020-1'], text: 'SecRule ARGS "@contains jndi" "id:102,phase:2,deny,status:403"' }],
        rules: () => [rules],
      },
      () => undefined,
      (now) => void (gaps = now),
      () => undefined,
    );
    try {
      const engine = dockerEngine(world.socket, { node: 'node', cluster: 'lab' });
      for (const one of [id, wrong]) guard.seen((await engine.container(one))!);
      await expect.poll(() => gaps.map(({ kind, subject }) => `${kind} ${subject}`), { timeout: 60_000 }).toEqual(['waf-label neighbour', 'waf-loopback lan:8080', 'waf-ipv6 lan:8080']);
      expect(ask(from, who(address))).toMatch(new RegExp(`client=(::ffff:)?${seen} `));
      expect(ask(from, who(address, '?q=attack'))).toBe(blocked);
      // The console's word comes before the label's: one parameter is left out of one rule.
      const exclusion = { rule: 1, method: 'GET', path: '/who', variable: 'ARGS:q', reason: 'tried', owner: 'test', until: '2999-01-01' };
      guard.desired({ revision: '1', cluster: { id: 'lab', name: 'lab' }, documents: [{ apiVersion: 'palisade/v1', kind: 'WafSite', metadata: { name: 'lan' }, spec: { where: { container: 'lan' }, ports: [8080], mode: 'block', virtualPatches: true, exclusions: [exclusion] } }], vulnerable: [{ image: (await engine.container(id))!.image, cves: ['CVE-2020-1'] }] });
      await expect.poll(() => ask(from, who(address, '?q=attack')), { timeout: 60_000 }).toContain('client=');
      expect(ask(from, who(address, '?r=attack'))).toBe(blocked);
      expect(ask(from, who(address, '?q=jndi'))).toBe(blocked);
    } finally {
      await guard.stop();
    }
    expect(ask(from, who(address, '?q=attack'))).toContain('client=');
  }, 90_000);

  it('works under a bridge that someone made by hand', async () => {
    world.shop('hand', '--network', 'none');
    world.visitor('hand-visitor', '--network', 'none');
    const owners = [world.pidOf('hand'), world.pidOf('hand-visitor')];
    ip('link', 'add', names.own, 'type', 'bridge');
    ip('link', 'set', names.own, 'up');
    for (const [index, owner] of owners.entries()) {
      const [near, far] = [names.ends[index * 2]!, names.ends[index * 2 + 1]!];
      ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
      ip('link', 'set', near, 'master', names.own, 'up');
      ip('link', 'set', far, 'netns', owner);
      for (const args of [['addr', 'add', `10.${octet}.79.${10 + index * 10}/24`, 'dev', far], ['link', 'set', far, 'up']]) execFileSync('nsenter', ['-t', owner, '-n', 'ip', ...args]);
    }
    await acceptNetwork('hand', owners[1]!, `10.${octet}.79.10`, `10.${octet}.79.20`);
  }, 90_000);
});

async function acceptNetwork(container: string, from: string, address: string, seen: string): Promise<void> {
  await answering(from, address);
  const protector = world.protect(container, '--rules', rules);
  await protector.until(/block on port 8080/);
  expect(ask(from, who(address))).toMatch(new RegExp(`client=(::ffff:)?${seen} `));
  expect(ask(from, who(address, '?q=attack'))).toBe(blocked);
  await protector.stop();
}

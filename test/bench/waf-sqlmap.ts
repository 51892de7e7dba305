import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { unpack } from '../conformance-data.ts';
import { answering, frontWorld } from '../e2e/front-world.ts';

// sqlmap (Debian's package of that name) against the vulnerable shop in a container, without and with the firewall in
// front: it must find the hole, and then not. Needs root, an engine's packages, and the rules of the conformance data.

if (!existsSync('/usr/bin/sqlmap')) throw new Error('sqlmap is missing: apt-get install sqlmap');
const octet = 16 + (process.pid % 200);
const bridge = `pq${process.pid.toString(36)}`;
const address = `10.${octet}.76.10`;
const world = await frontWorld();
try {
  world.docker('network', 'create', '-d', 'bridge', '--subnet', `10.${octet}.76.0/24`, '-o', `com.docker.network.bridge.name=${bridge}`, 'bridged');
  world.shop('shop', '--network', 'bridged', '--ip', address);
  world.visitor('visitor', '--network', 'bridged');
  const client = world.pidOf('visitor');
  await answering(client, address);
  const targets = [['GET id', '-u', `http://${address}:8080/item?id=1`], ['POST user', '-u', `http://${address}:8080/login`, '--data', 'user=anna&password=tulip', '-p', 'user']] as const;
  const tried = (name: string): void => {
    for (const [target, ...where] of targets) {
      const from = Date.now();
      // A browser's name: rules that only know sqlmap's own would prove little.
      const done = spawnSync('nsenter', ['-t', client, '-n', 'timeout', '300', 'sqlmap', '--batch', '--flush-session', '--random-agent', '--dbms', 'sqlite', '--output-dir', path.join(world.place, 'sqlmap'), ...where], { encoding: 'utf8' });
      const found = /identified the following injection point/.test(done.stdout);
      const last = /do not appear to be injectable|is vulnerable|injection point\(s\) with a total of (\d+)/.exec(done.stdout)?.[0] ?? done.stdout.trim().split('\n').at(-1);
      process.stdout.write(`${name}, ${target}: ${found ? 'found the hole' : 'found nothing'} in ${((Date.now() - from) / 1000).toFixed(0)} s (${last ?? ''})\n`);
      results.push(found);
    }
  };
  const results: boolean[] = [];
  tried('nothing in front');
  const crs = unpack('crs-4.28.0-rules.tar.gz');
  execFileSync('chmod', ['-R', 'a+rX', crs]);
  copyFileSync(path.join(crs, 'crs-setup.conf.example'), path.join(crs, 'crs-setup.conf'));
  const protector = world.protect('shop', '--rules', path.join(crs, 'crs-setup.conf'), '--rules', path.join(crs, 'rules/*.conf'));
  await protector.until(/block on port 8080/);
  tried('firewall in block mode');
  await protector.stop();
  process.stdout.write(`${protector.events.filter((event) => event.action === 'blocked').length} requests blocked\n`);
  const right = results.every((found, index) => found === index < targets.length);
  process.stdout.write(`${right ? 'as it should be' : 'NOT as it should be'}\n`);
  process.exitCode = right ? 0 : 1;
} finally {
  await world.end();
  spawnSync('ip', ['link', 'del', bridge]);
}

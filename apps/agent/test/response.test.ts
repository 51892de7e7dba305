import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerEngine } from '@palisade/engine/engine';
import { PalisadeError } from '@palisade/model/error';
import type { Gap } from '@palisade/model/gap';
import type { Response } from '@palisade/model/response';
import { held, holds } from '@palisade/behaviour/decode.gen';
import { endpoint } from '../src/evidence/sockets.ts';
import { followDesired } from '../src/response/desired.ts';
import type { Responder, ResponderOptions } from '../src/response/responder.ts';
import { createResponder } from '../src/response/responder.ts';
import type { Match } from '../src/runtime/detections.ts';
import type { Request } from '../src/sensor/warden.ts';

const id = 'a'.repeat(64);
let folder: string;
let clock = 0;
const told: Response[] = [];
const asked: string[] = [];
const acts: string[] = [];
let gaps: readonly Gap[] = [];
let kernel: (request: Request) => void = () => undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-response-'));
  clock = Date.parse('2026-11-24T12:00:00Z');
  for (const list of [told, asked, acts]) list.length = 0;
  kernel = () => undefined;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function responder(more: Partial<ResponderOptions> = {}): Responder {
  const engine = { act: (_: string, action: string) => (acts.push(action), Promise.resolve()), container: () => Promise.resolve(undefined) } as unknown as ContainerEngine;
  const request = async (one: Request): Promise<void> => {
    asked.push([one.op, one.text ?? '', one.pid ?? '', one.signalNumber ?? one.flags ?? ''].join(' ').trim());
    kernel(one);
  };
  return createResponder({
    folder, node: 'n', engine, sensor: () => ({ request, isolation: true, pinned: false }), tell: (response) => void told.push(response), gaps: (all) => (gaps = all), collect: async () => 'evd_1',
    standing: async () => ({ scanned: true, verdict: 'allow' }), acted: () => undefined, now: () => clock, log: () => undefined, ...more,
  });
}
const policy = (spec: object, name = 'p'): object => ({ apiVersion: 'palisade/v1', kind: 'ResponsePolicy', metadata: { name, scope: {} }, spec: { mode: 'enforce', ...spec } });
const desired = (...documents: readonly object[]): Parameters<Responder['policy']>[0] => ({ revision: 'r', cluster: { id: 'c', name: 'lab' }, documents: [...documents] });
const match = (more: Partial<Match> = {}): Match => ({
  at: clock, key: 'k', rule: 'R', ruleId: 'r1', priority: 'Critical', tags: [], title: { en: 'R', 'zh-CN': 'R' }, output: '', fields: {}, action: 'alerted', container: id, containerName: 'web',
  process: { pid: 7, start: 70, name: 'sh', path: '/bin/sh' }, place: { container: 'web', image: 'shop/web' }, facts: { rule: ['R', 'r1'], process: ['/bin/sh'] }, tree: () => [], around: () => undefined, ...more,
});
const respond = async (one: Responder, what = match()): Promise<void> => one.act('det', what, one.judge(what).asked);
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('the responder', () => {
  it('stops a process before it collects, kills it after, and says each once with a count', async () => {
    const one = responder();
    one.policy(desired(policy({ rules: [{ id: 'a', when: { rules: ['R'] }, then: ['kill-process', 'collect'] }] })));
    await respond(one);
    expect(asked).toEqual(['signal  7 19', 'signal  7 9']);
    expect(told.map((response) => [response.action, response.result, response.message])).toEqual([['collect', 'done', 'evd_1'], ['kill-process', 'done', undefined]]);
    kernel = () => {
      throw new PalisadeError('sensor-request', 'errno 3', { status: 409, detail: { errno: 3 } });
    };
    await respond(one);
    await respond(one, match({ rule: 'R2', ruleId: 'r1' }));
    expect(told.slice(2)).toEqual([]); // the same detection: what was ended is gone, which is no news
    await one.act('other', match(), one.judge(match()).asked);
    expect(told.map((response) => [response.action, response.result])).toContainEqual(['kill-process', 'gone']);
  });

  it('only notes what it would do under a policy that monitors, and does nothing under a waiver', async () => {
    const one = responder();
    const waiver = { apiVersion: 'palisade/v1', kind: 'Waiver', metadata: { name: 'w', scope: {} }, spec: { target: 'runtimeRule', match: { rule: 'r1', process: '/bin/sh' }, where: {}, reason: 'x', until: { date: '2026-11-30' } } };
    one.policy(desired(policy({ mode: 'monitor', rules: [{ id: 'a', when: { rules: ['R'] }, then: ['pause'] }] })));
    await respond(one);
    expect([acts, told.map((response) => response.result)]).toEqual([[], ['would']]);
    one.policy(desired(policy({ rules: [{ id: 'a', when: { rules: ['R'] }, then: ['pause'] }] }), waiver));
    expect(one.judge(match())).toEqual({ waivedBy: 'w', asked: [] });
    clock = Date.parse('2026-12-01T00:00:01Z');
    expect(one.judge(match())).toMatchObject({ waiverEnded: 'w', asked: [{ rule: 'a' }] });
  });

  it('pauses once, takes it back at its deadline, also after a restart', async () => {
    const first = responder();
    first.policy(desired(policy({ rules: [{ id: 'a', when: { rules: ['R'] }, then: ['pause'], undoAfter: '5m' }] })));
    await respond(first);
    await respond(first);
    expect(acts).toEqual(['pause']);
    const second = responder();
    clock += 5 * 60_000;
    second.tick();
    await settled();
    expect(acts).toEqual(['pause', 'unpause']);
    expect(told.at(-1)).toMatchObject({ action: 'pause', undone: { by: 'deadline' } });
  });

  it('asks a slow engine once when two rules match at the same time', async () => {
    const engine = { act: (_: string, action: string) => (acts.push(action), new Promise((resolve) => setTimeout(resolve, 30))), container: () => Promise.resolve({ state: 'paused' }) } as unknown as ContainerEngine;
    const one = responder({ engine });
    one.policy(desired(policy({ rules: [{ id: 'a', when: { rules: ['R'] }, then: ['pause'] }] })));
    await Promise.all([respond(one), respond(one), respond(one, match({ rule: 'R', ruleId: 'r2' }))]);
    expect(acts).toEqual(['pause']);
    expect(told.map((response) => response.result)).toEqual(['done']);
  });

  it('keeps the kernel\'s lists as policies want them, leaves one out while it is allowed, and asks anew of a new sensor', async () => {
    const one = responder();
    one.policy(desired(policy({ deny: [{ id: 'd', names: ['nc'], paths: ['/bin/x'] }, { id: 'u', where: { image: 'shop/*' }, imageOnly: true, memory: true }] })));
    one.container(id, { container: 'web', image: 'shop/web' }, 'sha256:1');
    await settled();
    expect(asked).toEqual(['denyPath /bin/x  8', 'denyName nc  8', 'denyContainer aaaaaaaaaaaa  3']);
    expect(one.whose({ cause: 1, container: 'aaaaaaaaaaaa', path: '/tmp/x', comm: 'x' })).toEqual({ policy: 'p', rule: 'u' });
    asked.length = 0;
    expect(await one.command('allow', { key: 'denyName nc', minutes: 5 })).toContain('5 min');
    await settled();
    expect(asked).toEqual(['allowName nc']);
    clock += 5 * 60_000 + 1;
    one.tick();
    await settled();
    expect(asked.at(-1)).toBe('denyName nc  8');
    asked.length = 0;
    one.armed();
    await settled();
    expect(asked).toHaveLength(3);
    one.policy(desired());
    await settled();
    expect(asked.slice(3).sort()).toEqual(['allowContainer aaaaaaaaaaaa', 'allowName nc', 'allowPath /bin/x']);
  });

  it('holds up an isolation over a new sensor and a new agent, and ends it by hand', async () => {
    const one = responder();
    await one.command('isolate', { container: id, by: 'eve' });
    asked.length = 0;
    const next = responder();
    next.armed();
    await settled();
    expect(asked).toEqual(['isolate aaaaaaaaaaaa']);
    await next.command('reconnect', { container: id, by: 'eve' });
    asked.length = 0;
    responder().armed();
    await settled();
    expect(asked).toEqual([]);
    await expect(next.command('isolate', { container: 'short' })).rejects.toThrow('full container id');
  });

  it('says what the kernel refused, what it cannot read, and that a sensor is missing', async () => {
    const one = responder();
    kernel = (request) => {
      if (request.op === 'denyName') throw new Error('no room');
    };
    one.policy(desired(policy({ deny: [{ id: 'd', names: ['nc'] }] }), { kind: 'FuturePolicy' }));
    await settled();
    expect(gaps.map((gap) => gap.kind)).toEqual(['policy-refused', 'policy-not-understood']);
    const blind = responder({ sensor: () => undefined });
    blind.policy(desired(policy({ deny: [{ id: 'd', names: ['nc'] }] })));
    expect(gaps.map((gap) => gap.kind)).toEqual(['response-without-sensor']);
  });

  it('lets a held container go when its image is known, kills it when the gate denies it, and frees whom no rule speaks of', async () => {
    let verdict: 'allow' | 'deny' | null = null;
    const one = responder({ standing: async () => ({ scanned: true, verdict }) });
    one.policy(desired(policy({ hold: [{ id: 'h', where: { image: 'shop/*' }, until: 'allowed', seconds: 20, otherwise: 'kill' }] })));
    expect(asked).toEqual([`hold  20000 ${holds.release}`]);
    one.container(id, { container: 'web', image: 'shop/web' }, 'sha256:1');
    expect(asked.at(-1)).toBe(`hold aaaaaaaaaaaa 20000 ${holds.kill}`);
    one.holds.told('aaaaaaaaaaaa', held.stopped);
    await settled();
    expect(told.map((response) => [response.action, response.result, response.undo])).toEqual([['hold', 'asked', 'release']]);
    verdict = 'allow';
    await expect.poll(() => asked).toContain('release aaaaaaaaaaaa');
    one.holds.told('aaaaaaaaaaaa', held.released);
    expect(told.at(-1)).toMatchObject({ action: 'hold', result: 'done', count: 0 });
    const other = 'b'.repeat(64);
    one.container(other, { container: 'db', image: 'postgres' }, 'sha256:2');
    one.holds.told('bbbbbbbbbbbb', held.stopped);
    await expect.poll(() => asked).toContain('release bbbbbbbbbbbb');
    verdict = 'deny';
    const bad = 'c'.repeat(64);
    one.container(bad, { container: 'bad', image: 'shop/bad' }, 'sha256:3');
    one.holds.told('cccccccccccc', held.stopped);
    await expect.poll(() => acts).toEqual(['kill']);
    expect(told.at(-1)).toMatchObject({ result: 'done', message: 'killed: the gate denies its image' });
  });
});

describe('the desired policy', () => {
  it('is kept on disk, fetched when another revision is heard, and a damaged copy is said', async () => {
    const faults: string[] = [];
    let answer = JSON.stringify(desired(policy({})));
    const follow = (): ReturnType<typeof followDesired> => followDesired({ folder, fetch: async () => answer, changed: () => undefined, failed: (reason) => void faults.push(reason) });
    const first = follow();
    expect(first.current).toBeUndefined();
    first.heard('r');
    await expect.poll(() => first.current?.revision).toBe('r');
    answer = 'no JSON';
    first.heard('s');
    await expect.poll(() => faults).toHaveLength(1);
    expect(follow().current?.revision).toBe('r');
    writeFileSync(path.join(folder, 'policy.json'), readFileSync(path.join(folder, 'policy.json'), 'utf8').slice(1));
    expect(follow().current).toBeUndefined();
    expect(faults.at(-1)).toContain('is damaged');
  });
});

it('reads socket addresses as the kernel prints them', () => {
  expect(endpoint('0100007F:1F90')).toBe('127.0.0.1:8080');
  expect(endpoint('00000000000000000000000001000000:0050')).toBe('[::1]:80');
  expect(endpoint('0000000000000000FFFF00000100007F:0050')).toBe('127.0.0.1:80');
});

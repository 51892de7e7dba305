import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Gap } from '@palisade/model/gap';
import { takeWafEvents, wafSocketName } from '../src/waf/listen.ts';

const event = { time: '2026-11-24T00:00:00.000Z', id: 'a-1', site: 'shop', client: '192.0.2.1', method: 'GET', host: 'h', path: '/', mode: 'block', action: 'blocked', status: 403, scores: { total: 5, bySeverity: { critical: 5 } }, matches: [], gaps: [], took_us: 10 };

it('takes events a line each, however they are cut, and tells what is no event', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-waf-events-'));
  const put: unknown[] = [];
  const gaps: Gap[] = [];
  const intake = takeWafEvents(folder, { put: (kind, subject, body) => void put.push([kind, subject, body]), gaps: (_, all) => void gaps.push(...all), forget: () => undefined }, () => undefined);
  const socketPath = path.join(folder, wafSocketName);
  try {
    for (let tries = 0; tries < 100 && (!existsSync(socketPath) || (statSync(socketPath).mode & 0o777) !== 0o600); tries += 1) await sleep(10);
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    const socket = connect(socketPath);
    const text = `${JSON.stringify(event)}\n{"id":"x"}\nnot json\n${JSON.stringify({ ...event, id: 'a-2' })}\n`;
    socket.write(text.slice(0, 40));
    await sleep(20);
    socket.end(text.slice(40));
    await once(socket, 'close');
    for (let tries = 0; tries < 100 && put.length < 2; tries += 1) await sleep(10);
    expect(put).toEqual([['waf-event', 'a-1', event], ['waf-event', 'a-2', { ...event, id: 'a-2' }]]);
    expect(gaps.at(-1)).toMatchObject({ kind: 'waf-event-refused', count: 2 });
  } finally {
    intake.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

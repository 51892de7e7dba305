import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, expect, it } from 'vitest';
import { recordTo } from '@palisade/app-waf/record/recorder';
import type { Io } from '../src/command.ts';
import { explain } from '../src/commands/waf/explain.ts';
import { replay } from '../src/commands/waf/replay.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'palisade-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text, 'latin1');
  return name;
};
const rules = file('rules.conf', `SecRule ARGS "@rx union\\s+select" "id:10,phase:2,block,deny,status:403,capture,t:lowercase,log,msg:'SQL words',severity:CRITICAL,tag:'attack-sqli',setvar:tx.anomaly_score=+5"
SecRule ARGS "@contains <script" "id:11,phase:2,pass,log,msg:'Script',severity:ERROR,tag:'attack-xss',setvar:tx.anomaly_score=+4"`);

async function run(command: typeof explain, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io = { cwd: folder, env: {}, stdin: Readable.from([]), out: (text: string) => void (out += text), err: (text: string) => void (err += text), signal: new AbortController().signal, self: [] } as unknown as Io;
  const code = await command(args, io);
  return { code, out, err };
}

it('says which rule found which bytes of which variable, points by category, and the verdict', async () => {
  const { code, out } = await run(explain, '--rules', rules, '--format', 'json', 'http://shop/find?q=1+UNION+SELECT+2&r=<script>');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'blocked', stopped: { rule: 10, status: 403 }, score: 9, points: { sqli: 5, xss: 4 },
    matches: [{ rule: 10, variable: 'ARGS:q', value: '1 union select 2', offset: 2, length: 12, bytes: 'union select', severity: 'critical' }, { rule: 11, variable: 'ARGS:r', offset: 0, bytes: '<script' }],
  });
  const text = await run(explain, '--rules', rules, '-d', 'q=1 union select 2', 'http://shop/find');
  expect(text.out).toContain('ARGS:q, bytes 2 to 14: 1 »union select« 2');
  expect(text.out).toContain('blocked with 403 by rule 10');
});

it('reads requests as they are sent, and says what is refused before the rules', async () => {
  file('raw', 'POST /x HTTP/1.1\nHost: a\nContent-Type: application/x-www-form-urlencoded\nTransfer-Encoding: chunked\n\n8\r\nq=union+\r\n6\r\nselect\r\n0\r\n\r\n');
  expect(await run(explain, '--rules', rules, 'raw')).toMatchObject({ code: 1, out: expect.stringContaining('SQL words') as string });
  file('smuggled', 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n');
  expect(await run(explain, '--rules', rules, 'smuggled')).toMatchObject({ code: 1, out: expect.stringContaining('refused before any rule: 400 length-and-chunked') as string });
  file('plain', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await run(explain, '--rules', rules, 'plain')).toMatchObject({ code: 0, out: expect.stringContaining('passes') as string });
  await expect(run(explain, '--rules', rules, 'absent')).rejects.toThrow(/absent: /);
});

it('says of recorded requests what an exclusion would change', async () => {
  const full: string[] = [];
  const recorder = recordTo(path.join(folder, 'seen.ndjson'), 1600, (reason) => void full.push(reason));
  const seen = (id: string, target: string): void => recorder.take({ id, site: 's', client: '192.0.2.1', method: 'GET', target, minor: 1, headers: [{ name: 'Host', value: 'a' }, { name: 'Cookie', value: 'sid=a1' }], body: '', status: 200 });
  seen('r1', '/search?q=union+select');
  seen('r2', '/other?q=union+select');
  seen('r3', '/search?q=shoes');
  for (let at = 0; at < 9; at += 1) seen('more', `/${'x'.repeat(200)}`);
  recorder.close();
  expect(full).toHaveLength(1);
  expect(statSync(path.join(folder, 'seen.ndjson')).size).toBeLessThanOrEqual(1600);
  expect(statSync(path.join(folder, 'seen.ndjson')).mode & 0o777).toBe(0o600);
  expect(readFileSync(path.join(folder, 'seen.ndjson'), 'utf8')).not.toContain(Buffer.from('sid=a1').toString('base64'));
  const exclusion = file('exclusion.conf', 'SecRule REQUEST_FILENAME "@streq /search" "id:7900000,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10;ARGS:q"');
  const { code, out, err } = await run(replay, '--rules', rules, '--with', exclusion, 'seen.ndjson');
  expect(code).toBe(0);
  expect(out).toMatch(/^r1 GET \/search\?q=union\+select\n {2}blocked → passed, score 5 → none\n {2}- 10 ARGS:q\n\d+ requests, 1 changed: 1 blocked before and pass now, 0 passed before and are blocked now\n$/);
  expect(err).toContain('have masked values');
  file('damaged.ndjson', '{"schema":"palisade.waf-request/1"}');
  await expect(run(replay, '--rules', rules, '--with', exclusion, 'damaged.ndjson')).rejects.toThrow(/damaged\.ndjson:1: not a recorded request/);
});

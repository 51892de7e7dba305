import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Io } from '../src/command.ts';
import { command } from '../src/commands/waf.ts';

let folder: string;
let printed: { out: string; err: string };
let io: Io;
const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
const run = (...args: string[]): Promise<number> => command.run(['test', '--rules', 'own.conf', ...args], io);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-waf-test-'));
  printed = { out: '', err: '' };
  io = {
    env: { PALISADE_HOME: path.join(folder, 'home') }, locale: 'en', cwd: folder, stdin: Readable.from([]), out: (text) => void (printed.out += text), err: (text) => void (printed.err += text),
    progress: false, color: false, signal: new AbortController().signal, self: [],
  };
  write('own.conf', `
SecRule ARGS "@contains evil" "id:1,phase:2,deny,log,msg:'evil thing',severity:CRITICAL"
SecRule REQUEST_BODY "@contains raw" "id:2,phase:2,pass,log"
SecRule REQUEST_HEADERS:X_Name "@streq a" "id:3,phase:1,pass,log,noauditlog"
SecRule RESPONSE_BODY "@contains leak" "id:4,phase:4,pass,log"
SecRule REQUEST_COOKIES:seen "@streq yes" "id:5,phase:1,pass,log"
SecAction "id:6,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR}"
SecRule ARGS:count "@streq 1" "id:7,phase:2,pass,nolog,setvar:ip.n=+1"
SecRule IP:n "@ge 2" "id:8,phase:2,pass,log"
`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const one = (input: string, output: string): string => `rule_id: 1\ntests:\n  - test_id: 1\n    stages:\n      - input: ${input}\n        output: ${output}\n`;

describe('palisade waf test', () => {
  it.each([
    ['{uri: "/?a=evil", headers: {Host: h}}', '{log: {expect_ids: [1], no_expect_ids: [2], match_regex: "severity .CRITICAL.", no_match_regex: "id .9."}, isolated: true, status: 200}'],
    ['{uri: "/", version: "HTTP/3.0", headers: {Host: h}}', '{status: 505}'],
    ['{uri: "/", version: "1.1", headers: {Host: h}}', '{status: [400, 403]}'],
    ['{uri: "/?a=evil", headers: {Host: h}}', '{status: [400, 403]}'],
    ['{uri: "/", version: "", headers: {Host: h}}', '{expect_error: true}'],
    ['{uri: "/", headers: {Host: h}}', '{expect_error: false}'],
    ['{method: POST, headers: {Host: h, Content-Length: "900"}, data: "a=1"}', '{expect_error: true}'],
    ['{method: POST, headers: {Host: h}, encoded_data: "YT1ldmls"}', '{log: {expect_ids: [1]}}'],
    ['{encoded_request: "UE9TVCAvIEhUVFAvMS4xDQpIb3N0OiBoDQpDb250ZW50LUxlbmd0aDogMw0KDQpyYXc="}', '{log: {expect_ids: [2]}}'],
    ['{method: POST, autocomplete_headers: false, headers: {Host: h, Content-Type: "application/x-www-form-urlencoded"}, data: "a=evil"}', '{log: {no_expect_ids: [1]}}'],
    ['{uris: ["/?a=evil", "/"], headers: {Host: h}}', '{log: {expect_ids: [1]}}'],
    ['{ordered_headers: [{name: Host, value: h}, {name: X_Name, value: a}]}', '{log: {expect_ids: [3]}}'],
    ['{headers: {Host: h}, response: {body: "a leak", status: 418}}', '{status: 418, response_contains: leak, log: {expect_ids: [4]}}'],
  ])('sends %s and finds %s', async (input, output) => {
    write('case.yaml', one(input, output));
    expect([await run('--min', '1', 'case.yaml'), printed.out]).toEqual([0, '1 passed, 0 failed\n']);
  });
  it('says what each case expected and found, and how many ran too few', async () => {
    write('case.yaml', one('{uri: "/?a=evil", headers: {Host: h}}', '{log: {expect_ids: [2]}, status: 403}'));
    expect(await run('--min', '2', 'case.yaml')).toBe(1);
    expect(printed).toEqual({ out: 'FAIL 1-1: expected 2; found 1 | expected status 403, got 200; found 1\n0 passed, 1 failed\n', err: 'only 1 cases ran, 2 were asked for\n' });
  });
  it('takes an override in place of what the test expects, for the tests and stages it names', async () => {
    write('case.yaml', `rule_id: 1\ntests:\n  - test_id: 1\n    stages:\n      - input: {uri: "/?a=evil", headers: {Host: h}}\n        output: {log: {expect_ids: [2]}}\n      - input: {uri: "/", headers: {Host: h}}\n        output: {log: {no_expect_ids: [1]}}\n`);
    write('own-overrides.yaml', 'version: v0\nmeta: {engine: x, platform: y}\ntest_overrides:\n  - {rule_id: 1, test_ids: [1], stage_ids: [0], reason: r, output: {log: {expect_ids: [1]}}}\n  - {rule_id: 1, test_ids: [2], reason: r, output: {status: 500}}\n');
    expect([await run('--overrides', 'own-overrides.yaml', 'case.yaml'), printed.out]).toEqual([0, '1 passed, 0 failed\n']);
  });
  it('is the server an override list was written for', async () => {
    write('case.yaml', one('{headers: {Host: "a%b", X_Name: a}}', '{log: {expect_ids: [3]}, status: 400}'));
    write('own-overrides.yaml', 'meta: {engine: libmodsecurity3, platform: nginx}\ntest_overrides:\n  - {rule_id: 1, reason: r, output: {status: 200, log: {no_expect_ids: [3]}}}\n');
    expect(await run('case.yaml')).toBe(0);
    expect([await run('--overrides', 'own-overrides.yaml', 'case.yaml'), printed.out]).toEqual([0, '1 passed, 0 failed\n1 passed, 0 failed\n']);
  });
  it('keeps cookies and collections from stage to stage, not from test to test', async () => {
    const stage = (input: string, output: string): string => `      - input: ${input}\n        output: ${output}\n`;
    const count = stage('{uri: "/?count=1", headers: {Host: h}}', '{log: {no_expect_ids: [8]}}');
    write('case.yaml', `rule_id: 1\ntests:\n  - test_id: 1\n    stages:\n${stage('{headers: {Host: h}, response: {headers: {Set-Cookie: "seen=yes; Path=/"}}}', '{log: {no_expect_ids: [5]}}')}${stage('{headers: {Host: h}, save_cookie: true}', '{log: {expect_ids: [5]}}')}`
      + `  - test_id: 2\n    stages:\n${count}${stage('{uri: "/?count=1", headers: {Host: h}}', '{log: {expect_ids: [8]}}')}  - test_id: 3\n    stages:\n${count}`);
    expect([await run('case.yaml'), printed.out]).toEqual([0, '3 passed, 0 failed\n']);
  });
  it('refuses words it does not know: an expectation unread would pass unseen', async () => {
    write('case.yaml', one('{headers: {Host: h}}', '{log: {expected_ids: [1]}}'));
    await expect(run('case.yaml')).rejects.toThrow('case.yaml: test 1-1 output.log: unknown word "expected_ids"');
  });
});

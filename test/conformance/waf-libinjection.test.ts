import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { detection } from '@palisade/waf/libinjection/built-in';
import { fold } from '@palisade/waf/libinjection/sqli-fold';
import type { Scan, Token } from '@palisade/waf/libinjection/sqli-tokens';
import { nextToken } from '@palisade/waf/libinjection/sqli-tokens';
import { conformance, unpack } from '../conformance-data.ts';

// libinjection itself, as Debian's libmodsecurity exports it (of 2017; the data is of today).
const peer = `
import ctypes, json, sys
lib = ctypes.CDLL("libmodsecurity.so.3")
lib.libinjection_sqli.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
lib.libinjection_xss.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
print_ = ctypes.create_string_buffer(16)
out = []
for text in json.load(sys.stdin):
    raw = text.encode("latin1")
    sqli = lib.libinjection_sqli(raw, len(raw), print_)
    out.append([print_.value.decode() if sqli else None, lib.libinjection_xss(raw, len(raw)) == 1])
json.dump(out, sys.stdout)
`;

function peers(values: readonly string[]): [string | null, boolean][] | undefined {
  try {
    return JSON.parse(execFileSync('python3', ['-c', peer], { input: JSON.stringify(values), encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'pipe'] })) as [string | null, boolean][];
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return undefined;
  }
}

const written = ({ type, text, open, close, count }: Token): string => `${type} ${type === 'v' ? '@'.repeat(count) : ''}${'sv'.includes(type) ? `${open}${text}${close}` : text}`.trimEnd();

const scanOf = (text: string): Scan => ({ text, mysql: false, at: 0, ddx: 0, ddw: 0, comment: false, hash: 0, count: 0 });
function tokens(text: string): string[] {
  const scan = scanOf(text);
  const all: string[] = [];
  for (let one = nextToken(scan); one !== undefined; one = nextToken(scan)) all.push(written(one));
  return all;
}

conformance('libinjection', ['libinjection-data.tar.gz'], () => {
  const folder = unpack('libinjection-data.tar.gz');
  it('reads and folds tokens as its own tests say', () => {
    const failed: string[] = [];
    let ran = 0;
    for (const file of globSync('tests/test-{tokens,folding,sqli}-*.txt', { cwd: folder }).sort()) {
      const [, input = '', expected = ''] = /--INPUT--\n([^]*?)\n--EXPECTED--\n?([^]*)$/.exec(readFileSync(path.join(folder, file), 'latin1')) ?? [];
      const kind = /test-([a-z]+)/.exec(file)![1]!;
      const found = kind === 'sqli' ? (detection.sqli(input) ?? '') : kind === 'tokens' ? tokens(input).join('\n') : fold(scanOf(input), '').map(written).join('\n');
      ran += 1;
      if (found.trim() !== expected.trim().split('\n').map((line) => line.trimEnd()).join('\n')) failed.push(`${file}: ${JSON.stringify(found)} for ${JSON.stringify(expected)}`);
    }
    expect(failed).toEqual([]);
    expect(ran).toBeGreaterThanOrEqual(150);
  });
  it('finds in its lists what libinjection finds', () => {
    const values = globSync('data/*.txt', { cwd: folder }).sort().flatMap((file) => readFileSync(path.join(folder, file), 'latin1').split('\n').filter((line) => line !== '' && !line.startsWith('#')).flatMap((line) => {
      const plain = line.replaceAll('+', ' ').replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return plain === line ? [line] : [line, plain];
    }));
    expect(values.length).toBeGreaterThan(15_000);
    const theirs = peers(values);
    const different = values.filter((value, at) => theirs !== undefined && ((detection.sqli(value) ?? null) !== theirs[at]![0] || detection.xss(value) !== theirs[at]![1]));
    // "f(n)," is among today's fingerprints; two lines are markup for the older reader only.
    expect(different.length).toBeLessThanOrEqual(4);
  });
  it('takes no other letters for those of keywords', () => {
    expect(detection.sqli("1' or '1'='1")).toBeDefined();
    // Outside ASCII upper case would make SS of one byte, and letters beyond a byte of others.
    expect(detection.sqli('1 pa\xdfword')).toBeUndefined();
    expect(detection.sqli('1 un\xb5on select')).toBeUndefined();
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScanResult } from '@palisade/model/scan-result';
import type { Io } from '../src/command.ts';
import { command } from '../src/commands/scan.ts';
import { parseTarget } from '../src/scan/target.ts';

const token = 'ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6';
let root = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'palisade-scan-'));
  for (const folder of ['tree/etc', 'tree/app', 'tree/var/lib/dpkg']) mkdirSync(path.join(root, folder), { recursive: true });
  writeFileSync(path.join(root, 'tree/etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
  writeFileSync(path.join(root, 'tree/var/lib/dpkg/status'), 'Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.9-1\n\n');
  writeFileSync(path.join(root, 'tree/app/c.py'), `t = "${token}"\n`);
  writeFileSync(path.join(root, 'waiver.yaml'), 'apiVersion: palisade/v1\nkind: Waiver\nmetadata: {name: w, scope: {}, owner: git}\nspec: {target: secret, match: {path: "app/*"}, reason: a test, until: {date: 2999-01-01}}\n');
  writeFileSync(path.join(root, 'bad.yaml'), 'apiVersion: palisade/v1\nkind: GatePolicy\nmetadata: {name: p}\nspec:\n  mode: enforce\n  rules:\n    - {id: a, when: finding.kind =, then: deny}\n');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function scan(...args: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const io: Io = { env: { PALISADE_HOME: path.join(root, 'home') }, locale: 'en', cwd: root, stdin: process.stdin, out: (text) => (out += text), err: () => {}, progress: false, color: false, signal: new AbortController().signal, self: [] };
  return { code: await command.run(args, io), out };
}

describe('palisade scan', () => {
  it('answers the stable document, with unknown instead of zero', async () => {
    const { code, out } = await scan('dir:tree', '--format', 'json');
    const result = ScanResult.parse(JSON.parse(out));
    expect(code).toBe(0);
    expect(result).toMatchObject({ status: 'complete', feed: null, verdict: { result: 'none' }, packages: [{ name: 'openssl', ecosystem: 'Debian:12' }] });
    expect(result.findings.map((finding) => [finding.kind, finding.answer, finding.reason ?? finding.rule])).toEqual([['secret', 'affected', 'github-token'], ['vulnerability', 'unknown', 'no feed covers debian:12']]);
    expect(out).not.toContain(token);
  });

  it('exits by the verdict, and a waiver lets pass', async () => {
    expect((await scan('dir:tree', '--fail-on', 'high')).code).toBe(1);
    expect((await scan('dir:tree', '--fail-on', 'high', '--waivers', 'waiver.yaml')).code).toBe(0);
  });

  it('tells a person what was not known', async () => {
    const { out } = await scan('tree', '--fail-on', 'low');
    expect(out).toMatch(/^DENIED {2}dir:/);
    expect(out).toContain('unknown: no feed covers debian:12 (1 packages)');
    expect(out).toContain('No vulnerability feed');
    expect(out).not.toContain(token);
  });

  it('refuses wrong use with file, line and cause', async () => {
    await expect(scan('dir:tree', '--policy', 'bad.yaml')).rejects.toThrow(/^bad\.yaml:7:\d+: rule "a"/);
    await expect(scan('dir:tree', '--format', 'xyz')).rejects.toThrow('--format xyz');
    await expect(scan('archive:none.tar')).rejects.toThrow('none.tar');
    expect(() => parseTarget('./none.tar', root)).toThrow('no such file');
    expect(parseTarget('shop/api:1.2', root)).toEqual({ kind: 'docker', ref: 'shop/api:1.2', guessed: true });
  });
});

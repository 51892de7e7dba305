import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScanResult } from '@palisade/model/scan-result';
import type { Io } from '../src/command.ts';
import { command } from '../src/commands/scan.ts';
import { formatNames } from '../src/format/formats.ts';
import { parseTarget } from '../src/scan/target.ts';
import { sha256, tar } from '../../../test/tar-writer.ts';

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

async function scan(...args: string[]): Promise<{ code: number; out: string; said: string }> {
  let out = '';
  let said = '';
  const io: Io = { env: { PALISADE_HOME: path.join(root, 'home') }, locale: 'en', cwd: root, stdin: process.stdin, out: (text) => (out += text), err: (text) => (said += text), progress: false, color: false, signal: new AbortController().signal, self: [] };
  return { code: await command.run(args, io), out, said };
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

  it('never shows a whole secret, wherever it stands, in any format', async () => {
    const history = `/bin/sh -c curl -H "Authorization: token ${token}" https://me:hunter2secret@host.test/x`;
    const layer = tar([{ name: 'etc/os-release', body: 'ID=debian\nVERSION_ID="12"\n' }]);
    const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Env: [`GITHUB=${token}`, 'API_TOKEN=abcdefghijk12345'], Labels: { note: token } }, rootfs: { diff_ids: [sha256(layer)] }, history: [{ created_by: history }] });
    writeFileSync(path.join(root, 'image.tar'), tar([{ name: 'c.json', body: config }, { name: 'l.tar', body: layer }, { name: 'manifest.json', body: JSON.stringify([{ Config: 'c.json', RepoTags: ['a:1'], Layers: ['l.tar'] }]) }]));
    for (const name of formatNames) {
      const { out } = await scan('archive:image.tar', '--format', name);
      expect(out).toMatch(/github-token/);
      for (const secret of [token, 'hunter2secret', 'abcdefghijk12345']) expect([name, out.includes(secret)]).toEqual([name, false]);
    }
  });

  it('answers with its exit code: 0 allowed, 1 denied, 2 unreadable, 3 partial when strict', async () => {
    writeFileSync(path.join(root, 'cut.tar'), tar([{ name: 'c.json', body: JSON.stringify({ rootfs: { diff_ids: [`sha256:${'0'.repeat(64)}`] } }) }, { name: 'manifest.json', body: JSON.stringify([{ Config: 'c.json', Layers: ['gone.tar'] }]) }]));
    expect((await scan('archive:cut.tar')).code).toBe(0);
    expect((await scan('archive:cut.tar', '--strict')).code).toBe(3);
    expect((await scan('dir:tree', '--strict')).code).toBe(0);
    expect((await scan('dir:tree', '--strict', '--fail-on', 'low')).code).toBe(1);
    await expect(scan('archive:image.txt')).rejects.toThrow('image.txt');
    await expect(scan('shop/api:9')).rejects.toThrow(/no Docker engine|registry:shop\/api:9/);
    for (const wrong of [['--timeout', 'soon'], ['--memory', '1'], ['--platform', 'arm'], ['--lang', 'de'], ['--fail-on', 'bad']]) await expect(scan('dir:tree', ...wrong)).rejects.toThrow(wrong[0]);
  });

  it('says the same in Chinese, without colour and without noise where nobody watches', async () => {
    const { out, said } = await scan('dir:tree', '--lang', 'zh-CN', '--fail-on', 'low');
    expect(out).toMatch(/^拒绝 {2}dir:/);
    expect(out).toContain('unknown: no feed covers debian:12'.replace('unknown', '未知'));
    expect(out).not.toContain('\u001b');
    expect(said).toBe('');
    expect(Object.keys(command.usage)).toEqual(['en', 'zh-CN']);
  });

  it('writes a file all at once, and says why it could not', async () => {
    expect((await scan('dir:tree', '--format', 'html', '--output', 'out.html')).out).toBe('');
    expect(readdirSync(root).filter((name) => name.includes('out.html'))).toEqual(['out.html']);
    await expect(scan('dir:tree', '--output', 'no/such/folder.json')).rejects.toThrow(/^--output no\/such\/folder\.json: /);
  });
});

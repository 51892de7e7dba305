import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { command } from '../src/commands/feed.ts';
import type { Io } from '../src/command.ts';

let folder: string;
let printed: { out: string; err: string };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-feed-'));
  printed = { out: '', err: '' };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function io(more: Partial<Io> = {}): Io {
  return {
    env: { PALISADE_HOME: path.join(folder, 'home') },
    locale: 'en',
    cwd: folder,
    stdin: Readable.from([]),
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
    progress: false,
    color: false,
    signal: new AbortController().signal,
    self: [],
    ...more,
  };
}

function advisories(count: number): string {
  return JSON.stringify(Array.from({ length: count }, (_, n) => ({ id: `GHSA-${n}`, modified: '2026-01-01T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name: `p${n}` }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }] }] })));
}

describe('palisade feed', () => {
  it('builds, shows and asks a bundle', async () => {
    writeFileSync(path.join(folder, 'osv.json'), advisories(3));
    expect(await command.run(['build', '--out', 'f.db', 'osv=osv.json'], io())).toBe(0);
    expect(printed.out).toContain('3 advisories, 3 packages');
    printed.out = '';
    expect(await command.run(['info', 'f.db', '--format', 'json', '--verify'], io())).toBe(0);
    expect(JSON.parse(printed.out)).toMatchObject({ schema: 'palisade.feed/2', verified: true, sources: [{ name: 'osv', kind: 'osv', records: 3, coverage: { npm: 'complete' } }] });
    printed.out = '';
    await command.run(['match', 'f.db', 'npm', 'p1', '1.0.0'], io());
    expect(JSON.parse(printed.out)).toMatchObject({ answer: 'affected', vulnerabilities: [{ id: 'GHSA-1', fixed: '2.0.0' }] });
  });

  it('names an unsupported source, and skips it by name when asked to', async () => {
    writeFileSync(path.join(folder, 'osv.json'), advisories(1));
    writeFileSync(path.join(folder, 'odd.csv'), 'a,b\n');
    await expect(command.run(['build', '--out', 'f.db', 'osv.json', 'odd.csv'], io())).rejects.toThrow(/odd\.csv: a source of a kind not supported yet/);
    expect(await command.run(['build', '--out', 'f.db', '--skip-unsupported', 'osv.json', 'odd.csv'], io({ locale: 'zh-CN' }))).toBe(0);
    expect(printed.out).toContain('已跳过 odd');
    await expect(command.run(['build', '--out', 'f.db', 'nonsense=osv.json'], io())).rejects.toThrow(/unknown kind "nonsense"/);
    await expect(command.run(['build', 'osv.json'], io())).rejects.toThrow(/usage/);
    await expect(command.run(['info', 'osv.json'], io())).rejects.toThrow(/not a feed bundle/);
  });

  it('imports a bundle and refuses one that lost its data', async () => {
    for (const [name, count] of [['many', 100], ['few', 10]] as const) {
      writeFileSync(path.join(folder, `${name}.json`), advisories(count));
      await command.run(['build', '--out', `${name}.db`, `osv=${name}.json`], io());
    }
    expect(await command.run(['import', 'many.db'], io())).toBe(0);
    expect(await command.run(['import', 'few.db'], io())).toBe(1);
    expect(printed.err).toContain('npm: 100 records before, 10 now');
    const current = path.join(folder, 'home/feed/current.db');
    expect(readFileSync(current).equals(readFileSync(path.join(folder, 'many.db')))).toBe(true);
    expect(await command.run(['import', '--allow-shrink', 'few.db'], io())).toBe(0);
    expect(readFileSync(current).equals(readFileSync(path.join(folder, 'few.db')))).toBe(true);
  });

  it('names the hosts before it pulls, and pulls nothing without a yes', async () => {
    expect(await command.run(['pull'], io())).toBe(2);
    for (const host of ['osv-vulnerabilities.storage.googleapis.com', 'security-tracker.debian.org', 'www.cisa.gov', 'epss.empiricalsecurity.com']) expect(printed.err).toContain(host);
  });
});

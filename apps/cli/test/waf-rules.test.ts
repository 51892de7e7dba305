import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Io } from '../src/command.ts';
import { command } from '../src/commands/waf.ts';

let folder: string;
let printed: { out: string; err: string };
let io: Io;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-waf-rules-'));
  printed = { out: '', err: '' };
  io = {
    env: { PALISADE_HOME: path.join(folder, 'home') }, locale: 'en', cwd: folder, stdin: Readable.from([]), out: (text) => void (printed.out += text), err: (text) => void (printed.err += text),
    progress: false, color: false, signal: new AbortController().signal, self: [],
  };
  mkdirSync(path.join(folder, 'set/rules'), { recursive: true });
  writeFileSync(path.join(folder, 'set/crs-setup.conf.example'), 'SecDefaultAction "phase:2,pass"\n');
  writeFileSync(path.join(folder, 'set/rules/B.conf'), 'SecRule ARGS "@pmFromFile words.data" "id:2,phase:2,block,ver:\'OWN/1.0\'"\n');
  writeFileSync(path.join(folder, 'set/rules/words.data'), 'evil\n');
  writeFileSync(path.join(folder, 'set/rules/unused.txt'), 'x');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const installed = (): string[] => readdirSync(path.join(folder, 'home/waf/rules'));

describe('palisade waf rules', () => {
  it('keeps a copy of what the rules need, once a version', async () => {
    expect(await command.run(['rules', 'install', 'set'], io)).toBe(0);
    expect(await command.run(['rules', 'install', 'set'], io)).toBe(0);
    expect(printed.out).toMatch(/^installed OWN\/1\.0: 1 rules\n--rules .*\nalready installed/);
    const [id = ''] = installed();
    expect(installed()).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    const manifest = JSON.parse(readFileSync(path.join(folder, 'home/waf/rules', id, 'manifest.json'), 'utf8')) as { files: object };
    expect(manifest).toMatchObject({ source: path.join(folder, 'set'), version: 'OWN/1.0', load: ['crs-setup.conf.example', 'rules/B.conf'] });
    expect(Object.keys(manifest.files)).toEqual(['crs-setup.conf.example', 'rules/B.conf', 'rules/words.data']);
  });
  it('follows Include, also from an included file', async () => {
    mkdirSync(path.join(folder, 'set/rules/more'));
    writeFileSync(path.join(folder, 'set/rules/C.conf'), 'Include more/*.conf\n');
    writeFileSync(path.join(folder, 'set/rules/more/D.conf'), 'SecRule ARGS "@pmFromFile d.data" "id:4"\n');
    writeFileSync(path.join(folder, 'set/rules/more/d.data'), 'd\n');
    expect(await command.run(['rules', 'install', 'set'], io)).toBe(0);
    expect(printed.out).toContain('2 rules');
    expect(readdirSync(path.join(folder, 'home/waf/rules', installed()[0]!, 'rules/more'))).toEqual(['D.conf', 'd.data']);
  });
  it('lists versions and says which was changed', async () => {
    await command.run(['rules', 'install', 'set'], io);
    expect(await command.run(['rules', 'list'], io)).toBe(0);
    writeFileSync(path.join(folder, 'home/waf/rules', installed()[0]!, 'rules/words.data'), 'good\n');
    expect(await command.run(['rules', 'list'], io)).toBe(1);
    expect(printed.out).toContain('damaged: rules/words.data');
  });
  it('says what changed from one version to another', async () => {
    const rule = (id: number, operator: string, more: string): string => `SecRule ARGS "${operator}" "id:${id},phase:2,block,msg:'Rule ${id}'${more}"\n`;
    writeFileSync(path.join(folder, 'set/rules/C.conf'), rule(10, '@rx a', ",ver:'OWN/1.0'") + rule(11, '@rx b', ',chain') + 'SecRule ARGS "@rx c"\n' + rule(12, '@rx d', ''));
    await command.run(['rules', 'install', 'set'], io);
    const [first = ''] = installed();
    writeFileSync(path.join(folder, 'set/rules/C.conf'), rule(10, '@rx a', ",ver:'OWN/1.1'") + rule(11, '@rx b', ',chain') + 'SecRule ARGS "@rx changed"\n' + rule(13, '@rx d', ''));
    writeFileSync(path.join(folder, 'set/rules/words.data'), 'evil\nworse\n');
    await command.run(['rules', 'install', 'set'], io);
    const second = installed().find((id) => id !== first) ?? '';
    printed.out = '';
    expect(await command.run(['rules', 'diff', first, second], io)).toBe(0);
    expect(printed.out).toBe("~ 11 operator: Rule 11\n- 12 Rule 12\n+ 13 Rule 13\n~ rules/words.data\n1 added, 1 removed, 2 changed\n");
    await expect(command.run(['rules', 'diff', first, 'ffff'], io)).rejects.toThrow('no rule set ffff');
  });
  it('refuses rules that do not load or lean on files elsewhere, and leaves nothing behind', async () => {
    writeFileSync(path.join(folder, 'set/rules/C.conf'), '\nSecRule NOPE x "id:3"\n');
    await expect(command.run(['rules', 'install', 'set'], io)).rejects.toThrow('rules/C.conf:2: unknown variable NOPE');
    writeFileSync(path.join(folder, 'set/rules/C.conf'), 'SecRule ARGS "@pmFromFile ../../words.data" "id:3"\n');
    await expect(command.run(['rules', 'install', 'set'], io)).rejects.toThrow('outside the rule set');
    await expect(command.run(['rules', 'install', 'none'], io)).rejects.toThrow('no such file');
    expect(() => installed()).toThrow('ENOENT');
  });
});

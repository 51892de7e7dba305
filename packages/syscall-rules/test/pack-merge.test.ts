import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readPackFile, writePackFile } from '../src/pack/items.ts';
import { mergePackFile } from '../src/pack/merge.ts';

const rule = (name: string, condition: string, more = ''): string => `# about ${name}\n- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: x\n  priority: INFO\n${more}`;
const base = rule('A', 'evt.type=open') + rule('B', 'evt.type=connect') + rule('C', 'evt.type=bind');

it('takes what only the new version changed and keeps what only the user changed, with their comments', () => {
  const mine = rule('A', 'evt.type=open', '  enabled: false\n') + rule('B', 'evt.type=connect') + rule('C', 'evt.type=bind') + rule('Own', 'evt.type=accept');
  const theirs = rule('A', 'evt.type=open') + rule('B', 'evt.type=connect and fd.sport=1') + rule('C', 'evt.type=bind') + rule('New', 'evt.type=listen');
  const { text, conflicts, updated, kept } = mergePackFile('r.yaml', base, mine, theirs);
  expect(conflicts).toEqual([]);
  expect(readPackFile('r', text).items.map(({ key }) => key)).toEqual(['rule A', 'rule B', 'rule C', 'rule Own', 'rule New']);
  expect(text).toContain('enabled: false');
  expect(text).toContain('fd.sport=1');
  expect(updated).toEqual(['rule B', 'rule New']);
  expect(kept).toEqual(['rule A', 'rule Own']);
  expect(text).toContain('# about B');
});

it('joins changes of both to different members, and tells those to the same', () => {
  const mine = base.replace('evt.type=open\n  output: x\n  priority: INFO', 'evt.type=open\n  output: x\n  priority: ERROR');
  const joined = mergePackFile('r.yaml', base, mine, base.replace('evt.type=open', 'evt.type=openat'));
  expect(joined.conflicts).toEqual([]);
  expect(readPackFile('r', joined.text).items[0]?.value).toMatchObject({ condition: 'evt.type=openat', priority: 'ERROR' });
  const fought = mergePackFile('r.yaml', base, base.replace('evt.type=open', 'evt.type=creat'), base.replace('evt.type=open', 'evt.type=openat'));
  expect(fought.conflicts).toEqual([{ item: 'rule A', member: 'condition', mine: 'evt.type=creat', theirs: 'evt.type=openat' }]);
  expect(readPackFile('r', fought.text).items[0]?.value).toMatchObject({ condition: 'evt.type=creat' });
});

it('leaves out what the user removed and what the new version withdrew, but not what was edited', () => {
  const without = rule('A', 'evt.type=open') + rule('C', 'evt.type=bind');
  expect(readPackFile('r', mergePackFile('r', base, without, base).text).items).toHaveLength(2);
  expect(readPackFile('r', mergePackFile('r', base, base, without).text).items).toHaveLength(2);
  const edited = mergePackFile('r', base, base.replace('evt.type=connect', 'evt.type=accept'), without);
  expect(edited.conflicts).toMatchObject([{ item: 'rule B', theirs: 'removed' }]);
  expect(edited.text).toContain('evt.type=accept');
});

it('says file and line of what is no rule file', () => {
  expect(() => readPackFile('r.yaml', 'a: [')).toThrow(/r\.yaml:\d+/);
  expect(() => readPackFile('r.yaml', 'a: 1\n')).toThrow(/neither a list of rules/);
});

it('cuts every file of the pack and puts it together again as it was', () => {
  const folder = path.resolve(import.meta.dirname, '../../../content/runtime');
  const files = readdirSync(folder).filter((name) => /^(?!.*\.(?:en|zh-CN)\.yaml$).*\.yaml$/.test(name));
  expect(files.length).toBeGreaterThan(10);
  for (const name of files) {
    const text = readFileSync(path.join(folder, name), 'utf8');
    expect(writePackFile(readPackFile(name, text)), name).toBe(text);
    expect(mergePackFile(name, text, text, text)).toMatchObject({ text, conflicts: [], updated: [], kept: [] });
  }
});

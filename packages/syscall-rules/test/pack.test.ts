import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readRuleTexts } from '../src/documents/texts.ts';
import { loadRules } from '../src/ruleset.ts';
import { isWindowedFile, loadWindowed } from '../src/windowed/load.ts';

const folder = path.resolve(import.meta.dirname, '../../../content/runtime');
const files = readdirSync(folder).filter((name) => /^(?!.*\.(?:en|zh-CN)\.yaml$).*\.yaml$/.test(name)).sort().map((name) => ({ name, content: readFileSync(path.join(folder, name), 'utf8') }));

it('loads the pack without a problem, every rule with an id of its own, ATT&CK tags and texts in both languages', () => {
  const context = { source: { origin: 0n, hostname: '' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
  const set = loadRules(files.filter(({ content }) => !isWindowedFile(content)), context);
  const { windows, problems } = loadWindowed(files.filter(({ content }) => isWindowedFile(content)), set, context);
  expect([...set.problems, ...problems]).toEqual([]);
  const rules = [...set.rules, ...windows];
  expect(rules.length).toBeGreaterThanOrEqual(120);
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const locale of ['en', 'zh-CN']) {
    const texts = new Set(files.filter(({ name }) => name !== '00-base.yaml').flatMap(({ name }) => {
      const file = name.replace(/\.yaml$/, `.${locale}.yaml`);
      const read = readRuleTexts(file, readFileSync(path.join(folder, file), 'utf8'));
      expect(read.problems).toEqual([]);
      return [...read.texts.keys()];
    }));
    expect(rules.filter(({ id }) => !texts.has(id)).map(({ name }) => name)).toEqual([]);
  }
  expect(rules.filter(({ id, tags }) => !/^palisade_R\d{4}$/.test(id) || !tags.some((tag) => tag.startsWith('mitre_')) || !tags.some((tag) => /^T\d{4}/.test(tag))).map(({ name }) => name)).toEqual([]);
});

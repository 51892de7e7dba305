import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { cycloneDxProblem } from '@palisade/catalog/sbom/cyclonedx-schema';
import { readSbom } from '@palisade/catalog/sbom/read';
import { formatNames, formatter } from '../src/format/formats.ts';
import type { FormatName } from '../src/format/formats.ts';
import { scan } from './format-fixture.ts';
import { sarifProblems, spdxProblems } from './format-schemas.ts';

const now = new Date('2026-03-04T05:06:07.890Z');
const made = async (name: FormatName, locale: 'en' | 'zh-CN' = 'en'): Promise<string> => [...(await formatter(name))(scan, { locale, color: false, now })].join('');
const parsed = async (name: FormatName): Promise<Record<string, unknown>> => JSON.parse(await made(name)) as Record<string, unknown>;
/** Throws on anything that is not well-formed. */
const elements = (xml: string): { name: string; attributes: Record<string, string> }[] => {
  const parser = new SaxesParser();
  const found: { name: string; attributes: Record<string, string> }[] = [];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => void found.push({ name: tag.name, attributes: tag.attributes }));
  parser.write(xml).close();
  return found;
};

describe.each(formatNames)('--format %s', (name) => {
  it('says what is unknown, what was not looked at, and that it is partial', async () => {
    const text = await made(name);
    // JSON keeps the two words apart.
    expect(text).toMatch(name === 'json' ? /"answer": "unknown",\s+"reason": "no feed covers debian:12"/ : /unknown: no feed covers debian:12/);
    expect(text).toContain('archive-damaged');
    expect(text).toContain('partial');
    expect(text).toContain('CVE-2020-8203');
  });

  it('lets nothing of the scan drive the reader', async () => {
    const text = await made(name);
    expect(text).not.toContain('\u0007');
    if (name !== 'json') expect(text).not.toContain('\\u0007');
    if (name === 'html' || name === 'junit') expect(text).not.toMatch(/<script|<b>|<root>/);
  });
});

it('writes JSON in pieces that are the text of one', async () => {
  expect(await made('json')).toBe(`${JSON.stringify(scan, null, 2)}\n`);
});

it('writes SARIF 2.1.0 that viewers can place', async () => {
  const log = await parsed('sarif');
  expect(sarifProblems(log)).toEqual([]);
  const [run] = log['runs'] as { results: Record<string, unknown>[]; tool: { driver: { rules: { id: string }[] } } }[];
  const results = run?.results ?? [];
  expect(results.map((result) => [result['ruleId'], result['level'], result['kind'] ?? 'fail'])).toEqual([
    ['CVE-2020-8203', 'error', 'fail'],
    ['CVE-2024-1', 'none', 'review'],
    ['github-token', 'error', 'fail'],
    ['image-config-root-user', 'note', 'fail'],
    ['palisade-unknown', 'none', 'open'],
  ]);
  for (const result of results) expect(run?.tool.driver.rules[result['ruleIndex'] as number]?.id).toBe(result['ruleId']);
  expect(JSON.stringify(results[2])).toContain('"uri":"app/c%20d%23.py","uriBaseId":"ROOTPATH"},"region":{"startLine":7');
  expect(results[3]?.['suppressions']).toEqual([{ kind: 'external', status: 'accepted', justification: 'w: needs <root>' }]);
});

it('writes CycloneDX 1.6 that its schema accepts, and that we read again', async () => {
  const text = await made('cyclonedx');
  expect(cycloneDxProblem('1.6', JSON.parse(text))).toBeUndefined();
  const again = readSbom(Buffer.from(text), 'x.json');
  expect(again.packages.map((one) => [one.purl, one.ecosystem, one.version])).toEqual(scan.packages.map((one) => [one.purl, one.ecosystem, one.version]).sort((a, b) => (String(a[1]) + String(a[0]) < String(b[1]) + String(b[0]) ? -1 : 1)));
  expect(again.gaps).toEqual([]);
});

it('writes SPDX 2.3 that its schema accepts, and that we read again', async () => {
  const text = await made('spdx');
  expect(spdxProblems(JSON.parse(text))).toEqual([]);
  const again = readSbom(Buffer.from(text), 'x.json');
  expect(again.packages.map((one) => one.purl).sort()).toEqual(scan.packages.map((one) => one.purl).sort());
  expect(text).toContain('"licenseDeclared": "(MIT OR Apache-2.0) AND LicenseRef-');
});

it('writes JUnit whose counts are those of its cases', async () => {
  const found = elements(await made('junit'));
  const [all] = found.filter((one) => one.name === 'testsuites');
  const count = (name: string): number => found.filter((one) => one.name === name).length;
  expect(all?.attributes).toMatchObject({ tests: String(count('testcase')), failures: String(count('failure')), skipped: String(count('skipped')), errors: '0' });
  expect(count('skipped')).toBe(2 + 1 + 1 + 2);
  expect(count('failure')).toBe(1 + 1 + 1);
});

it('writes one HTML file in both languages that asks nothing of anyone', async () => {
  const text = await made('html', 'zh-CN');
  expect(text).toContain('<html lang="zh-CN">');
  expect(text).toContain('原型污染');
  expect(text).toContain('Prototype pollution');
  expect(text).not.toMatch(/\b(?:src|onload|onclick)\s*=|url\(|@import|<link|<script|<img|<iframe/i);
  expect(elements(text.replace(/<!doctype html>|<meta [^>]*>|<input [^>]*>|<br>/g, '')).length).toBeGreaterThan(50);
});

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { loadSecretRules } from '@palisade/inspect/secrets/load';
import { secretDetector } from '@palisade/inspect/secrets/detect';
import { conformance, dataPath } from '../conformance-data.ts';

type Cases = { rule: string; true: string[]; false: string[]; truePaths: Record<string, string>; falsePaths?: Record<string, string> };

conformance('gitleaks rules', ['secrets/gitleaks.toml', 'secrets/gitleaks-cases.json.gz'], () => {
  it('fires and stays silent as the source demands, one rule at a time', () => {
    const rules = loadSecretRules(readFileSync(dataPath('secrets/gitleaks.toml'), 'utf8'), { file: 'gitleaks.toml' });
    expect(rules.rules.length).toBeGreaterThanOrEqual(222);
    expect(rules.rules.flatMap((rule) => (rule.regex?.engine === 're2js' ? [rule.id] : []))).toEqual([]);
    const data = JSON.parse(gunzipSync(readFileSync(dataPath('secrets/gitleaks-cases.json.gz'))).toString()) as { rules: Cases[] };
    const wrong: string[] = [];
    let ran = 0;
    for (const cases of data.rules) {
      const rule = rules.rules.find((one) => one.id === cases.rule);
      if (rule === undefined) {
        wrong.push(`${cases.rule}: no such rule`);
        continue;
      }
      const detector = secretDetector({ ...rules, rules: [rule] });
      const check = (text: string, path: string, wanted: boolean): void => {
        ran += 1;
        const found = detector.detect(Buffer.from(text), path);
        if (found.length > 0 !== wanted) wrong.push(`${cases.rule} ${wanted ? 'missed' : 'fired on'}: ${path} ${text.slice(0, 200)}`);
      };
      for (const text of cases.true) check(text, '', true);
      for (const text of cases.false) check(text, '', false);
      for (const [path, text] of Object.entries(cases.truePaths ?? {})) check(text, path, true);
      for (const [path, text] of Object.entries(cases.falsePaths ?? {})) check(text, path, false);
    }
    expect(wrong).toEqual([]);
    expect(ran).toBeGreaterThanOrEqual(3595);
  });
});

import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { fromUtf8 } from '@palisade/waf/bytes';
import { detection } from '@palisade/waf/libinjection/built-in';
import { loadRules } from '@palisade/waf/load';
import { operators } from '@palisade/waf/operators/registry';
import { transformations } from '@palisade/waf/transformations/registry';
import { conformance, unpack } from '../conformance-data.ts';

type Case = { readonly type: string; readonly name: string; readonly input?: string; readonly output?: string; readonly param?: string; readonly ret: number };

/** The suites write bytes as \xHH, and as \u00HH what JSON itself could have carried. */
const bytes = (text: string): string => fromUtf8(text).replace(/\\x([0-9a-fA-F]{2})|\\u00([0-9a-fA-F]{2})/g, (_, x: string | undefined, u: string) => String.fromCharCode(Number.parseInt(x ?? u, 16)));
const run = { capture: () => {}, found: () => {} };

/** Undefined when the case is about a word this engine refuses at load. */
function passes({ type, name, input = '', output = '', param = '', ret }: Case, folder: string, unicodeMap: ReadonlyMap<number, number> | undefined): boolean | undefined {
  const word = name.toLowerCase().replace(/-test\d+$/, '').replace('_', '');
  if (type === 'tfn') {
    const apply = transformations[word];
    return apply === undefined ? undefined : apply(bytes(input), unicodeMap) === bytes(output);
  }
  const make = operators[word];
  if (make === undefined) return undefined;
  // Paths in the cases start at the home of each suite's own runner.
  const readFile = (file: string): string => readFileSync(path.join(folder, path.basename(file)), 'latin1');
  try {
    return make(param, { detection, readFile })(bytes(input.replaceAll('\\0', '\0')), run) === (ret === 1);
  } catch {
    return false;
  }
}

function counts(folder: string, unicodeMap?: ReadonlyMap<number, number>): { passed: number; failed: Record<string, number>; refused: Record<string, number> } {
  const result = { passed: 0, failed: {} as Record<string, number>, refused: {} as Record<string, number> };
  for (const file of globSync('**/*.json', { cwd: folder }).sort()) {
    for (const entry of JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Case[]) {
      const answer = passes(entry, path.join(folder, 'operators/op'), unicodeMap);
      if (answer === true) result.passed += 1;
      else {
        const into = answer === undefined ? result.refused : result.failed;
        into[entry.name] = (into[entry.name] ?? 0) + 1;
      }
    }
  }
  return result;
}

conformance('SecLang operators and transformations', ['seclang-tests.tar.gz'], () => {
  const folder = unpack('seclang-tests.tar.gz');
  it('passes secrules-language-tests but for a known case', () => {
    expect(counts(path.join(folder, 'secrules-language-tests'))).toEqual({
      passed: 554, refused: {},
      failed: {
        validateByteRange: 1, // wants "xxx" to match everything; a range that can't be read is refused at load
      },
    });
  });
  it('passes coraza\'s but for four known cases', () => {
    const { ruleSet } = loadRules([{ name: 'map', text: 'SecUnicodeMapFile unicode.mapping 20127' }], { read: () => readFileSync(path.join(folder, 'modsecurity/data/unicode.mapping'), 'latin1'), glob: () => [] });
    expect(counts(path.join(folder, 'coraza'), ruleSet.unicodeMap)).toEqual({
      passed: 531,
      failed: { validateSchema: 3 }, // JSON Schema, whose file the data lacks
      refused: { invalidLen: 1 }, // no transformation's name
    });
  });
});

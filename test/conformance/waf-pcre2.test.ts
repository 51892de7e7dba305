import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rx } from '@palisade/waf/operators/rx';
import { detection } from '@palisade/waf/libinjection/built-in';
import { readDirectives } from '@palisade/waf/seclang/directives';
import { boundedSearch } from '@palisade/waf/regex/bounded';
import { hasEmptyTurns, translate } from '@palisade/waf/regex/translate';
import { conformance, unpack } from '../conformance-data.ts';

// PCRE2 itself, as Debian ships it, over the flags ModSecurity compiles with (DOTALL, MULTILINE).
const peer = `
import ctypes, json, sys
lib = ctypes.CDLL("libpcre2-8.so.0")
for name in ("pcre2_compile_8", "pcre2_match_data_create_8", "pcre2_get_ovector_pointer_8"): getattr(lib, name).restype = ctypes.c_void_p
P, S = ctypes.c_void_p, ctypes.c_size_t
data = P(lib.pcre2_match_data_create_8(200, None))
out = []
for pattern, subjects in json.load(sys.stdin):
    raw = pattern.encode("latin1"); code = ctypes.c_int(); at = S()
    compiled = lib.pcre2_compile_8(raw, S(len(raw)), 0x420, ctypes.byref(code), ctypes.byref(at), None)
    if not compiled:
        out.append(None); continue
    found = []
    for subject in subjects:
        text = subject.encode("latin1")
        count = lib.pcre2_match_8(P(compiled), text, S(len(text)), S(0), 0, data, None)
        if count < 0:
            found.append(count); continue
        vector = ctypes.cast(lib.pcre2_get_ovector_pointer_8(data), ctypes.POINTER(S))
        found.append([[vector[2 * i], vector[2 * i + 1]] if vector[2 * i] < 1 << 60 else None for i in range(min(count, 10))])
    out.append(found)
    lib.pcre2_code_free_8(P(compiled))
json.dump(out, sys.stdout)
`;
type Found = number | ([number, number] | null)[];
type Case = readonly [pattern: string, subjects: readonly string[]];

/** Patterns that differ, with the first subject; undefined counts are those refused at load. */
function compare(cases: readonly Case[]): { differences: string[]; refused: number; compared: number } {
  const answers = JSON.parse(execFileSync('python3', ['-c', peer], { input: JSON.stringify(cases), maxBuffer: 1 << 28, encoding: 'utf8' })) as (Found[] | null)[];
  const differences: string[] = [];
  let refused = 0;
  let compared = 0;
  cases.forEach(([pattern, subjects], index) => {
    let matcher: ReturnType<typeof rx>;
    try {
      matcher = rx(pattern, { detection, readFile: () => '' });
    } catch {
      refused += 1;
      return;
    }
    const answer = answers[index];
    if (answer === null || answer === undefined) {
      differences.push(`${pattern}: PCRE2 refuses it`);
      return;
    }
    const { root } = translate(pattern);
    const loose = hasEmptyTurns(root);
    const counted = boundedSearch(root, 20);
    subjects.forEach((subject, at) => {
      const theirs = answer[at]!;
      if (typeof theirs === 'number' && theirs !== -1) return; // its match limit
      const captured: (string | undefined)[] = [];
      let place = '';
      const matched = matcher(subject, { capture: (group, text) => void (captured[group] = text), found: (offset, length) => void (place = `${offset}+${length}`) });
      const expected = typeof theirs === 'number' ? 'none' : `${theirs[0]![0]}+${theirs[0]![1] - theirs[0]![0]} ${JSON.stringify(theirs.map((group) => (group === null ? null : subject.slice(group[0], group[1]))))}`;
      const last = typeof theirs === 'number' ? 0 : theirs.length;
      const mine = matched ? `${place} ${JSON.stringify(Array.from({ length: Math.max(last, Math.min(captured.length, 10)) }, (_, group) => captured[group] ?? null))}` : 'none';
      compared += 1;
      // The matcher that counts its steps reads the same.
      const steps = counted(subject);
      if (steps !== 'exceeded' && (steps !== undefined) !== matched) differences.push(`${JSON.stringify(pattern)} on ${JSON.stringify(subject)}: counted ${String(steps !== undefined)}`);
      else if (typeof steps === 'object' && !loose && (`${steps.index}+${steps.groups[0]!.length}` !== place || captured.some((text, group) => text !== steps.groups[group]))) differences.push(`${JSON.stringify(pattern)} on ${JSON.stringify(subject)}: counted ${JSON.stringify(steps)}`);
      // Where a repeat may turn empty, only whether it matches is the same.
      if (loose ? matched === (typeof theirs === 'number') : mine !== expected) differences.push(`${JSON.stringify(pattern)} on ${JSON.stringify(subject)}: ${mine}, PCRE2 ${expected}`);
    });
  });
  return { differences, refused, compared };
}

const latin = (unit: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> => fc.string({ unit, maxLength });
const subject = latin(fc.constantFrom('a', 'b', 'A', '1', '_', ' ', '\n', '\r', '\r\n', '\0', 'é', '\x85', '\xa0', '-', '"'), 14);
const atom = fc.constantFrom('a', 'b', 'A', '1', '.', '\\w', '\\W', '\\s', '\\S', '\\d', '\\h', '\\R', '\\N', '[ab]', '[^a]', '[^\\n]', '[[:alpha:]]', '\\x61', '\\r', '\\n', 'é', '\\xe9', '[\\w-]', '"', ' ', '\\x{85}', '\\v', '[\\b]');
const edge = fc.constantFrom('^', '$', '\\b', '\\B', '\\A', '\\z', '\\Z', '(?!a)', '(?=b)', '(?<=a)', '(?<!b)');
const pattern: fc.Arbitrary<string> = fc.letrec<{ node: string; piece: string }>((tie) => ({
  piece: fc.oneof({ depthSize: 'small', withCrossShrink: true }, atom, edge, fc.tuple(atom, fc.constantFrom('*', '+', '?', '*?', '+?', '{2}', '{1,2}', '{0,20}', '*+', '++')).map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom('(', '(?:', '(?i:', '(?>', '(?-s:', '(?-m:'), tie('node'), fc.constantFrom('', '*', '?', '+')).map(([open, inner, count]) => `${open}${inner})${count}`)),
  node: fc.oneof(fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')), fc.tuple(tie('piece'), tie('piece')).map((parts) => parts.join('|')), fc.tuple(atom, tie('piece')).map(([one, more]) => `(${one})${more}\\1`)),
})).node;

it('translates random patterns as PCRE2 reads them, or refuses them', () => {
  const cases = fc.sample(fc.tuple(pattern, fc.array(subject, { minLength: 6, maxLength: 6 })), { numRuns: 3000, seed: 20_261 });
  const { differences, refused, compared } = compare(cases);
  expect(differences).toEqual([]);
  expect(refused).toBeLessThan(900);
  expect(compared).toBeGreaterThan(10_000);
});

conformance('regular expressions of CRS', ['crs-3.3.4-rules.tar.gz', 'crs-4.28.0-rules.tar.gz'], () => {
  it('match random and rule-like bytes as in PCRE2', () => {
    const patterns = new Set<string>();
    for (const archive of ['crs-3.3.4-rules.tar.gz', 'crs-4.28.0-rules.tar.gz']) {
      const folder = unpack(archive);
      for (const file of globSync('rules/*.conf', { cwd: folder })) {
        for (const { name, args } of readDirectives(readFileSync(path.join(folder, file), 'latin1'), file, [])) {
          const found = name === 'SecRule' ? /^!?(?:@rx\s+|(?!@))([^]*)$/.exec(args[1] ?? '') : null;
          if (found !== null && !found[1]!.includes('%{')) patterns.add(found[1]!);
        }
      }
    }
    expect(patterns.size).toBeGreaterThan(350);
    // Pieces of the patterns themselves come near to matching; newlines and returns stand between them.
    const pieces = [...new Set([...patterns].flatMap((text) => text.match(/[A-Za-z]{2,}|[^\w\s\\]/g) ?? []))];
    const bytes = fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat({ max: pieces.length - 1 }).map((at) => pieces[at]!) }, { weight: 1, arbitrary: fc.constantFrom(' ', '\n', '\r\n', '\t', '=', "'", '"', '(', ')', '\xe9', '\0', '1') }), { maxLength: 16 }).map((parts) => parts.join(''));
    const subjects = fc.sample(bytes, { numRuns: 120, seed: 7 });
    const { differences, refused } = compare([...patterns].map((text) => [text, subjects] as const));
    expect(differences).toEqual([]);
    expect(refused).toBe(0);
  });
});

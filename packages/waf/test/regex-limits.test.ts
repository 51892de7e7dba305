import { describe, expect, it } from 'vitest';
import { detection } from '../src/libinjection/built-in.ts';
import { rx } from '../src/operators/rx.ts';
import { searchLong } from '../src/regex/long-values.ts';
import { translate } from '../src/regex/translate.ts';

function search(pattern: string, value: string, negated = false): { matched: boolean; gaps: string[]; limited: boolean } {
  const gaps: string[] = [];
  let limited = false;
  const matched = rx(pattern, { detection, readFile: () => '' })(value, { capture: () => {}, found: () => {}, negated, gap: (kind) => void gaps.push(kind), limitExceeded: () => void (limited = true) });
  return { matched, gaps, limited };
}

describe('patterns that could backtrack without bound', () => {
  // Each of these takes longer than the age of the universe on a plain backtracking engine.
  it('end, whatever the lines of the value', () => {
    for (const end of ['b', '\nb', '\r\nb\n']) expect(search('^(a|aa)+$', `${'a'.repeat(4000)}b${end}`).matched).toBe(false);
    expect(search('(?:x?){100}[ab]{1,100}c', 'ab'.repeat(4000)).matched).toBe(false);
  });
  it('end in long values too, and find there what they find in short ones', () => {
    const long = 'a'.repeat(70_000);
    for (const end of ['b', '\nb', '\r\nb\n']) expect(search('^(a|aa)+$', `${long}b${end}`).matched).toBe(false);
    for (const pattern of ['b|(c)d$', '^a+(c|b)', '(?m)^d\\w(x)?', 'a[bc]{2}', '(?i)A(B)C']) {
      for (const end of ['abc', 'cd', '\ncd\n', 'bb\r\nd1', '\nd', 'ABC']) {
        const regex = translate(pattern).regex;
        const found = searchLong(regex, long + end);
        const same = regex.exec(long + end);
        expect([found?.index, ...(found ?? [])]).toEqual([same?.index, ...(same ?? [])]);
      }
    }
  });
  it('that only a weaker form bounds fire beyond their limit, negated or not, and say so', () => {
    const pattern = '(?!b)(a|aa)+$(?=c)';
    expect(translate(pattern).beyond.exact).toBe(false);
    expect(search(pattern, 'a'.repeat(5000))).toEqual({ matched: true, gaps: ['limit-regex'], limited: true });
    expect(search(pattern, 'a'.repeat(5000), true)).toEqual({ matched: false, gaps: ['limit-regex'], limited: true });
    expect(search(pattern, 'd'.repeat(5000))).toEqual({ matched: false, gaps: [], limited: false });
  });
  it('are searched exactly while their steps are few, whatever the length of the value', () => {
    // Nothing bounds these in V8: the first of them takes longer than the age of the universe there on forty bytes.
    expect(translate('(?!b)(a|aa)+$(?=c)').limit).toBeLessThan(40);
    for (const length of [10, 20, 60, 299, 2000]) expect(search('(?!b)(a|aa)+$(?=c)', 'a'.repeat(length)).gaps).toEqual(length < 40 ? [] : ['limit-regex']);
    // As rule 920600 of CRS 3.3.4 reads Accept: each `*/*` in it can be read in two ways.
    expect(search('^(?:(?:\\*|[^",/]+)/(?:\\*|[^",/]+))(?:\\s*+,\\s*+(?:(?:\\*|[^",/]+)/(?:\\*|[^",/]+)))*$', `${'*/*,'.repeat(70)}*/*"`)).toEqual({ matched: false, gaps: [], limited: false });
    expect(search('(?<!x)(a|aa)+b(?=c)', `${'-'.repeat(5000)}aaabc`)).toEqual({ matched: true, gaps: [], limited: false });
    expect(search('(?<!x)(a|aa)+b(?=c)', `${'-'.repeat(5000)}aaabd`)).toEqual({ matched: false, gaps: [], limited: false });
    expect(search('(["\'])(?:a|aa)*\\1', `${'-'.repeat(5000)}"aaaa'aa"aa"`)).toEqual({ matched: true, gaps: [], limited: false });
  });
  it('with counts over what the linear engine knows are the same beyond their limit', () => {
    const pattern = '(?:[ab]{1,40}){1,40}(c)';
    const { limit, beyond } = translate(pattern);
    expect([limit < 5000, beyond.exact]).toEqual([true, true]);
    expect(search(pattern, `${'ab'.repeat(4000)}c`)).toEqual({ matched: true, gaps: [], limited: false });
    expect(search(pattern, 'ab'.repeat(4000))).toEqual({ matched: false, gaps: [], limited: false });
  });
});

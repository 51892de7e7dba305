import { expect, it } from 'vitest';
import { atLeast, compareSeverity, severities } from '../src/severity.ts';
import { localeOf } from '../src/locale.ts';

it('sorts worst first', () => {
  expect([...severities].reverse().sort(compareSeverity)).toEqual([...severities]);
});

it('unknown is at least as bad as nothing but itself', () => {
  expect(severities.filter((floor) => atLeast('unknown', floor))).toEqual(['unknown']);
  expect(atLeast('critical', 'high')).toBe(true);
  expect(atLeast('medium', 'high')).toBe(false);
});

it('reads the locale from the environment', () => {
  expect(localeOf({ LANG: 'zh_CN.UTF-8' })).toBe('zh-CN');
  expect(localeOf({ LANG: 'de_DE.UTF-8' })).toBe('en');
  expect(localeOf({ PALISADE_LANG: 'en', LANG: 'zh_CN' })).toBe('en');
});

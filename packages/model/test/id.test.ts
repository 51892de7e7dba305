import { expect, it } from 'vitest';
import fc from 'fast-check';
import { deterministicId } from '../src/id.ts';

it('is the same on every run', () => {
  expect(deterministicId('fnd', 'CVE-2024-1', 'pkg:deb/debian/openssl@1')).toBe('fnd_7dmv7wwwle2tzqke3hfu7mio3z');
});

it('keeps parts apart', () => {
  expect(deterministicId('x', 'a', 'bc')).not.toBe(deterministicId('x', 'ab', 'c'));
  expect(deterministicId('x', 'a')).not.toBe(deterministicId('x', 'a', ''));
});

it('has one form for any parts', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (parts) => {
      expect(deterministicId('img', ...parts)).toMatch(/^img_[a-z2-7]{26}$/);
    }),
  );
});

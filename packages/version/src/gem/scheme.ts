import type { VersionScheme } from '../scheme.ts';
import { checkedText, unparsable } from '../scheme.ts';
import { compareDigits, compareLists, compareText } from '../order.ts';

/** RubyGems' Gem::Version: runs of digits and of letters; letters sort before numbers, so any letter makes a prerelease. */
export const gem: VersionScheme<readonly string[]> = {
  id: 'gem',
  aliases: ['rubygems', 'ruby', 'bundler', 'gems'],
  parse(text) {
    const whole = checkedText('gem', text);
    if (!/^\d+(\.[0-9A-Za-z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/.test(whole) && !/^\d+[0-9A-Za-z]*(\.[0-9A-Za-z]+)*$/.test(whole)) {
      throw unparsable('gem', text, 'it is not numbers and letters separated by "."');
    }
    // RubyGems reads a dash as the beginning of a prerelease.
    const segments = whole.replaceAll('-', '.pre.').match(/\d+|[A-Za-z]+/g) ?? [];
    return withoutZeros(segments);
  },
  compare: (a, b) => compareLists(a, b, compareSegment, (segment) => (isNumber(segment) ? compareDigits(segment, '0') : -1)),
};

/** Zeros at the end of the numbers, and of the numbers before the first letters, carry no weight. */
function withoutZeros(segments: readonly string[]): string[] {
  const letters = segments.findIndex((segment) => !isNumber(segment));
  const split = letters === -1 ? segments.length : letters;
  return [...trimmed(segments.slice(0, split)), ...trimmed(segments.slice(split))];
}

function trimmed(segments: readonly string[]): readonly string[] {
  let end = segments.length;
  while (end > 0 && /^0+$/.test(segments[end - 1] ?? '')) end -= 1;
  return segments.slice(0, end);
}

function isNumber(segment: string): boolean {
  const code = segment.charCodeAt(0);
  return code >= 48 && code <= 57;
}

function compareSegment(a: string, b: string): number {
  const numberA = isNumber(a);
  if (numberA !== isNumber(b)) return numberA ? 1 : -1;
  return numberA ? compareDigits(a, b) : compareText(a, b);
}

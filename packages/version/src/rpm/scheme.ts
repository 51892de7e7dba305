import type { VersionScheme } from '../scheme.ts';
import { checkedText } from '../scheme.ts';
import { compareDigits, compareText } from '../order.ts';

/** `release` undefined: none was given, which sorts before every release. */
type RpmVersion = { readonly epoch: string; readonly version: string; readonly release: string | undefined };

/** rpm's versions: [epoch:]version[-release], rpm-version(7). Every text is one: rpm itself refuses nothing. */
export const rpm: VersionScheme<RpmVersion> = {
  id: 'rpm',
  aliases: ['redhat', 'rhel', 'centos', 'fedora', 'suse', 'opensuse', 'rocky', 'almalinux', 'amazon', 'oracle', 'yum', 'dnf', 'photon'],
  parse(text) {
    const whole = checkedText('rpm', text);
    // Only digits before a colon are an epoch; module versions hold colons of their own.
    const epoch = /^\d*:/.exec(whole)?.[0] ?? '';
    const rest = whole.slice(epoch.length);
    const dash = rest.lastIndexOf('-');
    return {
      epoch: epoch.slice(0, -1),
      version: dash === -1 ? rest : rest.slice(0, dash),
      release: dash === -1 ? undefined : rest.slice(dash + 1),
    };
  },
  compare(a, b) {
    return compareDigits(a.epoch, b.epoch) || comparePart(a.version, b.version) || compareRelease(a.release, b.release);
  },
};

function compareRelease(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return comparePart(a, b);
}

const separator = /^[^A-Za-z0-9~^]+/;

/** Segment by segment: separators only separate, "~" sorts before the end, "^" after the end but before more segments, numbers after letters. */
function comparePart(a: string, b: string): number {
  let left = a;
  let right = b;
  while (left !== '' || right !== '') {
    left = left.replace(separator, '');
    right = right.replace(separator, '');
    if (left.startsWith('~') || right.startsWith('~')) {
      if (!left.startsWith('~')) return 1;
      if (!right.startsWith('~')) return -1;
      left = left.slice(1);
      right = right.slice(1);
      continue;
    }
    if (left.startsWith('^') || right.startsWith('^')) {
      if (left === '') return -1;
      if (right === '') return 1;
      if (!left.startsWith('^')) return 1;
      if (!right.startsWith('^')) return -1;
      left = left.slice(1);
      right = right.slice(1);
      continue;
    }
    if (left === '' || right === '') break;
    const segmentA = segment(left);
    const segmentB = segment(right);
    const order = compareSegment(segmentA, segmentB);
    if (order !== 0) return order;
    left = left.slice(segmentA.length);
    right = right.slice(segmentB.length);
  }
  return Number(left !== '') - Number(right !== '');
}

function segment(text: string): string {
  return (/^\d+/.exec(text) ?? /^[A-Za-z]+/.exec(text))?.[0] ?? '';
}

function compareSegment(a: string, b: string): number {
  const numberA = /^\d/.test(a);
  const numberB = /^\d/.test(b);
  if (numberA !== numberB) return numberA ? 1 : -1;
  return numberA ? compareDigits(a, b) : compareText(a, b);
}

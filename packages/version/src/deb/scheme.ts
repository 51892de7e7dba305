import type { VersionScheme } from '../scheme.ts';
import { checkedText, unparsable } from '../scheme.ts';
import { compareDigits } from '../order.ts';

type DebVersion = { readonly epoch: number; readonly upstream: string; readonly revision: string };

/** dpkg's versions: [epoch:]upstream[-revision], Debian Policy 5.6.12 and deb-version(7). */
export const deb: VersionScheme<DebVersion> = {
  id: 'deb',
  aliases: ['debian', 'dpkg', 'ubuntu', 'apt'],
  parse(text) {
    const whole = checkedText('deb', text);
    const colon = whole.indexOf(':');
    const epochText = colon === -1 ? '0' : whole.slice(0, colon);
    if (!/^\d+$/.test(epochText)) throw unparsable('deb', text, 'its epoch is not a number');
    const epoch = Number(epochText);
    // dpkg keeps the epoch in a C int and refuses what does not fit.
    if (epoch > 0x7fffffff) throw unparsable('deb', text, 'its epoch is too large');
    const rest = whole.slice(colon + 1);
    const dash = rest.lastIndexOf('-');
    const upstream = dash === -1 ? rest : rest.slice(0, dash);
    const revision = dash === -1 ? '' : rest.slice(dash + 1);
    if (upstream === '') throw unparsable('deb', text, 'it has no upstream version');
    if (dash !== -1 && revision === '') throw unparsable('deb', text, 'its revision is empty');
    if (!/^\d/.test(upstream)) throw unparsable('deb', text, 'it does not start with a digit');
    if (!/^[0-9A-Za-z.+~:-]+$/.test(upstream)) throw unparsable('deb', text, 'its upstream version has a character outside 0-9 A-Z a-z . + ~ : -');
    if (!/^[0-9A-Za-z.+~]*$/.test(revision)) throw unparsable('deb', text, 'its revision has a character outside 0-9 A-Z a-z . + ~');
    return { epoch, upstream, revision };
  },
  compare(a, b) {
    return a.epoch - b.epoch || comparePart(a.upstream, b.upstream) || comparePart(a.revision, b.revision);
  },
};

/** Alternates runs of non-digits (by `weight`) and runs of digits (by value), as deb-version(7) describes. */
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
    const startA = i;
    const startB = j;
    while (i < a.length && isDigit(a, i)) i += 1;
    while (j < b.length && isDigit(b, j)) j += 1;
    const order = compareDigits(a.slice(startA, i), b.slice(startB, j));
    if (order !== 0) return order;
  }
  return 0;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}

/** The tilde sorts before the end of a part, letters before everything else; a digit ends the run like the end does. */
function weight(text: string, index: number): number {
  if (index >= text.length || isDigit(text, index)) return 0;
  const code = text.charCodeAt(index);
  if (code === 126) return -1;
  const letter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return letter ? code : code + 256;
}

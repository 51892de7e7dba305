import { compareDigits, compareText } from '../order.ts';

/** A number (its digits), a qualifier (a word), or the list that a dash or a change between digits and letters opens. */
export type MavenItem = { readonly kind: 'number' | 'word'; readonly text: string } | { readonly kind: 'list'; readonly items: MavenItem[] };

const known = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const release = known.indexOf('');

/** True for what may be dropped at the end: zero, a release word, an empty list. */
export function isNull(item: MavenItem): boolean {
  if (item.kind === 'list') return item.items.length === 0;
  return item.kind === 'number' ? /^0*$/.test(item.text) : item.text === '';
}

/** Item by item; the shorter is filled up with nothing. */
export function compareItems(a: readonly MavenItem[], b: readonly MavenItem[]): number {
  for (let i = 0; i < a.length || i < b.length; i += 1) {
    const x = a[i];
    const y = b[i];
    const order = x === undefined ? -compareNothing(y as MavenItem) : y === undefined ? compareNothing(x) : compareItem(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

/** How an item compares with the absence of one. */
function compareNothing(item: MavenItem): number {
  if (item.kind === 'number') return compareDigits(item.text, '0');
  if (item.kind === 'word') return compareWords(item.text, '');
  for (const inner of item.kind === 'list' ? item.items : []) {
    const order = compareNothing(inner);
    if (order !== 0) return order;
  }
  return 0;
}

/** Between kinds: words before lists before numbers. */
const rank = { word: 0, list: 1, number: 2 } as const;

function compareItem(a: MavenItem, b: MavenItem): number {
  if (a.kind === 'list' && b.kind === 'list') return compareItems(a.items, b.items);
  if (a.kind === 'number' && b.kind === 'number') return compareDigits(a.text, b.text);
  if (a.kind === 'word' && b.kind === 'word') return compareWords(a.text, b.text);
  return rank[a.kind] - rank[b.kind];
}

/** Known qualifiers in their order, then all others by text. */
function compareWords(a: string, b: string): number {
  const x = known.indexOf(a);
  const y = known.indexOf(b);
  if (x === -1 && y === -1) return compareText(a, b);
  return (x === -1 ? known.length : x) - (y === -1 ? known.length : y);
}

/** What a word stands for; release words stand for nothing. `beforeDigit`: a, b and m are short forms only there. */
export function qualifier(word: string, beforeDigit: boolean): string {
  if (beforeDigit && (word === 'a' || word === 'b' || word === 'm')) return known['abm'.indexOf(word)] ?? word;
  if (word === 'cr') return 'rc';
  return word === 'ga' || word === 'final' || word === 'release' ? known[release] ?? '' : word;
}

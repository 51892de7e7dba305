import type { MavenItem } from './item.ts';
import { isNull, qualifier } from './item.ts';

type List = { readonly kind: 'list'; readonly items: MavenItem[] };

/** The nested items of a version, normalised (zeros and release words before a boundary dropped). */
export function parseItems(version: string): readonly MavenItem[] {
  const text = version.toLowerCase();
  const root: List = { kind: 'list', items: [] };
  const lists: List[] = [root];
  let list = root;
  let start = 0;
  let digits = false;
  const open = (): void => {
    const inner: List = { kind: 'list', items: [] };
    list.items.push(inner);
    list = inner;
    lists.push(inner);
  };
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charAt(i);
    if (character === '.' || character === '-') {
      list.items.push(i === start ? { kind: 'number', text: '0' } : itemOf(digits, text.slice(start, i)));
      start = i + 1;
      if (character === '-') open();
    } else if (character >= '0' && character <= '9') {
      if (!digits && i > start) {
        list.items.push({ kind: 'word', text: qualifier(text.slice(start, i), true) });
        start = i;
        open();
      }
      digits = true;
    } else {
      if (digits && i > start) {
        list.items.push({ kind: 'number', text: text.slice(start, i) });
        start = i;
        open();
      }
      digits = false;
    }
  }
  if (start < text.length) list.items.push(itemOf(digits, text.slice(start)));
  for (const inner of lists.reverse()) normalize(inner.items);
  return root.items;
}

function itemOf(digits: boolean, text: string): MavenItem {
  return digits ? { kind: 'number', text } : { kind: 'word', text: qualifier(text, false) };
}

/** Drops nulls at the end and before the lists there, as far as the first item that is neither. */
function normalize(items: MavenItem[]): void {
  for (let i = items.length - 1; i >= 0; i -= 1) {
    const item = items[i];
    if (item === undefined) continue;
    if (isNull(item)) items.splice(i, 1);
    else if (item.kind !== 'list') break;
  }
}

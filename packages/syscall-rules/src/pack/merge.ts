import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { PackFile, PackItem } from './items.ts';
import { readPackFile, writePackFile } from './items.ts';

/** Where both sides changed the same thing in different ways: the user's stands, and someone must look. */
export type MergeConflict = { readonly item: string; readonly member: string; readonly mine: unknown; readonly theirs: unknown };

type Merged = { readonly text: string; readonly conflicts: readonly MergeConflict[]; /** Entries taken from the new version. */ readonly updated: readonly string[]; /** Entries whose edits were kept. */ readonly kept: readonly string[] };

/**
 * Brings a new version of a rule file into one that its user has edited: `base` is the version the edits were made on.
 * Entry by entry, and within an entry member by member, what only one side changed is taken; where both did, the user's
 * stays and is told. Untouched entries keep their text with its comments. Throws when a text is no rule file.
 */
export function mergePackFile(name: string, base: string, mine: string, theirs: string): Merged {
  const sides = [readPackFile(name, base), readPackFile(name, mine), readPackFile(name, theirs)] as const;
  const byKey = (file: PackFile): Items => new Map(file.items.map((item) => [item.key, item]));
  const [old, own, fresh] = [byKey(sides[0]), byKey(sides[1]), byKey(sides[2])];
  const result: PackItem[] = [];
  const conflicts: MergeConflict[] = [];
  const updated: string[] = [];
  const kept: string[] = [];
  // The order of the new version, each entry of the user's own where it stood: after the one before it.
  for (const key of order(sides[1], sides[2], old)) {
    const before = old.get(key);
    const edited = own.get(key);
    const next = fresh.get(key);
    if (edited === undefined && next === undefined) continue;
    if (next === undefined && edited !== undefined) {
      // Withdrawn by the new version; an edited or an own one stays.
      if (before !== undefined && isDeepStrictEqual(before.value, edited.value)) updated.push(key);
      else {
        result.push(edited);
        if (before !== undefined) conflicts.push({ item: key, member: '', mine: 'changed', theirs: 'removed' });
        kept.push(key);
      }
    } else if (edited === undefined && next !== undefined) {
      if (before === undefined) {
        result.push(next);
        updated.push(key);
      } else kept.push(key); // removed by the user, and it stays so
    } else if (edited !== undefined && next !== undefined) {
      if (isDeepStrictEqual(edited.value, next.value) || (before !== undefined && isDeepStrictEqual(edited.value, before.value))) {
        if (!isDeepStrictEqual(edited.value, next.value)) updated.push(key);
        result.push(next);
      } else {
        kept.push(key);
        if (before !== undefined && isDeepStrictEqual(next.value, before.value)) result.push(edited);
        else {
          const value = membersOf(key, before?.value ?? {}, edited.value, next.value, conflicts);
          if (!isDeepStrictEqual(value, edited.value)) updated.push(key);
          result.push(isDeepStrictEqual(value, edited.value) ? edited : { key, value, text: written(value, sides[2].indent) });
        }
      }
    }
  }
  return { text: writePackFile({ ...sides[2], items: result.map((item) => ({ ...item, text: item.text.endsWith('\n') ? item.text : `${item.text}\n` })) }), conflicts, updated, kept };
}

type Items = ReadonlyMap<string, PackItem>;

function order(mine: PackFile, theirs: PackFile, base: Items): readonly string[] {
  const keys = theirs.items.map(({ key }) => key);
  const known = new Set(keys);
  mine.items.forEach(({ key }, index) => {
    if (known.has(key)) return;
    const previous = mine.items[index - 1]?.key;
    const at = previous === undefined ? 0 : keys.indexOf(previous) + 1;
    keys.splice(at, 0, key);
    known.add(key);
  });
  return [...keys, ...[...base.keys()].filter((key) => !known.has(key))];
}

function membersOf(item: string, before: Readonly<Record<string, unknown>>, mine: Readonly<Record<string, unknown>>, theirs: Readonly<Record<string, unknown>>, conflicts: MergeConflict[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const member of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const [old, own, fresh] = [before[member], mine[member], theirs[member]];
    let value = own;
    if (isDeepStrictEqual(own, old)) value = fresh;
    else if (!isDeepStrictEqual(fresh, old) && !isDeepStrictEqual(fresh, own)) conflicts.push({ item, member, mine: own, theirs: fresh });
    if (value !== undefined) result[member] = value;
  }
  return result;
}

function written(value: Readonly<Record<string, unknown>>, indent: string): string {
  return stringify([value], { lineWidth: 0 }).split('\n').map((line) => (line === '' ? line : indent + line)).join('\n');
}

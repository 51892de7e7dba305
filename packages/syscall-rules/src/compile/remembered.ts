import type { ConditionNode, OperandNode } from '../condition/ast.ts';
import { printCondition } from '../condition/print.ts';
import type { Event } from '../event.ts';
import type { Check } from './comparison.ts';
import type { Family } from './family.ts';
import { families } from './family.ts';

// Most of what conditions ask has been asked before: of this process at its last event, of this command line in another
// process, of this path. Parts of conditions that read nothing else are put together and decided once.

type Grouping = { readonly type: number; readonly worth: (node: ConditionNode) => boolean; readonly members: Map<ConditionNode, Family | undefined>; readonly done: Map<ConditionNode, ConditionNode>; readonly groups: Map<string, { readonly node: ConditionNode; readonly family: Family }> };

/** `worth`: whether a condition costs more than remembering its answer. */
export function createGrouping(type: number, worth: Grouping['worth']): Grouping {
  return { type, worth, members: new Map(), done: new Map(), groups: new Map() };
}

function readsOnly(node: OperandNode, family: Family): boolean {
  switch (node.kind) {
    case 'field': return family.reads(node);
    case 'literal': return true;
    case 'tuple': return node.items.every((item) => readsOnly(item, family));
    case 'transform': return node.args.every((arg) => readsOnly(arg, family));
  }
}

/** The narrowest family that holds everything a condition reads. */
export function familyOf(node: ConditionNode, grouping: Grouping): Family | undefined {
  if (grouping.members.has(node)) return grouping.members.get(node);
  const result = families.find((family) => family.fits(grouping.type) && within(node, family));
  grouping.members.set(node, result);
  return result;
}

/** True when a condition reads nothing that the family has not. */
export function within(node: ConditionNode, family: Family): boolean {
  switch (node.kind) {
    case 'and':
    case 'or': return node.children.every((child) => within(child, family));
    case 'not': return within(node.child, family);
    case 'expanded': return within(node.body, family);
    case 'exists': return readsOnly(node.left, family);
    case 'compare': return readsOnly(node.left, family) && (node.right.kind === 'list' || readsOnly(node.right, family));
    case 'macro': return false;
  }
}

/** The same condition, its parts sorted by what they read: those of one family stand under one node, which is remembered. */
export function group(node: ConditionNode, grouping: Grouping): ConditionNode {
  const known = grouping.done.get(node);
  if (known !== undefined) return known;
  const family = familyOf(node, grouping);
  const result = family === undefined ? inner(node, grouping) : remember(inner(node, grouping), family, grouping);
  grouping.done.set(node, result);
  return result;
}

/** Within a part of a family there may be parts of a narrower one, and macros that others share. */
function inner(node: ConditionNode, grouping: Grouping): ConditionNode {
  switch (node.kind) {
    case 'and':
    case 'or': {
      const own = familyOf(node, grouping);
      const parts = new Map<Family | undefined, ConditionNode[]>();
      for (const child of node.children) {
        const family = familyOf(child, grouping);
        parts.set(family, [...(parts.get(family) ?? []), child]);
      }
      const children: ConditionNode[] = [];
      for (const family of families) {
        const members = parts.get(family);
        const [only] = members ?? [];
        if (members === undefined || only === undefined) continue;
        if (family === own) children.push(...members.map((member) => inner(member, grouping)));
        else if (members.length === 1) children.push(group(only, grouping));
        else children.push(remember({ ...node, children: members.map((member) => inner(member, grouping)) }, family, grouping));
      }
      children.push(...(parts.get(undefined) ?? []).map((child) => group(child, grouping)));
      return { ...node, children };
    }
    case 'not': return { ...node, child: inner(node.child, grouping) };
    case 'expanded': {
      const body = group(node.body, grouping);
      return body.kind === 'expanded' ? body : { ...node, body };
    }
    default: return node;
  }
}

/** One object for one text, so that it is compiled once however many rules share it. */
function remember(node: ConditionNode, family: Family, { groups, worth }: Grouping): ConditionNode {
  if (node.kind === 'expanded' || !worth(node)) return node;
  const text = printCondition(node);
  const key = `${family.name} ${text}`;
  let found = groups.get(key);
  if (found === undefined) {
    found = { node: { kind: 'expanded', name: key, body: node, at: node.at }, family };
    groups.set(key, found);
  }
  return found.node;
}

/** Decides once for each subject of the family. The text is the place it is remembered at: equal texts mean the same. */
export function oncePerSubject(check: Check, text: string, family: Family): Check {
  const place = family.placeOf(text);
  if (place === undefined) return check;
  return (event: Event) => {
    const memory = family.memoryOf(event);
    const known = memory.decided[place];
    if (known === 1) return false;
    if (known === 2) return true;
    const value = check(event);
    if (place >= memory.decided.length) {
      const larger = new Uint8Array(family.size);
      larger.set(memory.decided);
      memory.decided = larger;
    }
    memory.decided[place] = value ? 2 : 1;
    return value;
  };
}

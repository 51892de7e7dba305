import type { ConditionNode } from '../condition/ast.ts';
import { oncePerEvent } from '../fields/once-per-event.ts';
import type { Assumption, Outcome } from './assumption.ts';
import { simplify } from './assumption.ts';
import type { Needs } from './candidates.ts';
import { lasts, subjectsOf } from './candidates.ts';
import type { Check } from './comparison.ts';
import { compileCondition } from './condition.ts';
import type { Family } from './family.ts';
import type { OperandContext } from './operand.ts';
import { costOf, orderByCost } from './order.ts';
import { createGrouping, familyOf, group, oncePerSubject, within } from './remembered.ts';

/** A condition for one class of events: what must be true of an event's subjects, and of the event itself. No check: nothing more. */
export type ClassCheck = { readonly needs: Needs; readonly rest: Check | undefined };

/** Compiles many conditions for one class of events. Undefined: the condition can't be true for it. */
export type ClassCompiler = { compile(condition: ConditionNode): ClassCheck | undefined };

type Parts = { readonly needs: ReadonlyMap<Family, ConditionNode>; readonly rest: ConditionNode | undefined };

/**
 * The fast path beside the plain closures: what the class decides is left out, what only asks about a process, a command
 * line, a container or a path is decided once for each, cheap checks come first, and a macro that several conditions
 * share once per event. `conditions` are all that will be compiled.
 */
export function createClassCompiler(conditions: readonly ConditionNode[], assumed: Assumption, context: OperandContext): ClassCompiler {
  const outcomes = new Map<ConditionNode, Outcome>();
  const simplified = new Map<ConditionNode, ConditionNode | boolean>();
  const orders = new Map<ConditionNode, ConditionNode>();
  const costs: Parameters<typeof orderByCost>[2] = new Map();
  const checks = new Map<ConditionNode, Check>();
  const uses = new Map<ConditionNode, number>();
  const subjects = subjectsOf(assumed.type);
  const grouping = createGrouping(assumed.type, (node) => costOf(node, costs) >= worthRemembering);
  const ready = new Map<ConditionNode, Parts | undefined>();

  function split(condition: ConditionNode): Parts | undefined {
    const node = simplify(condition, assumed, outcomes, simplified);
    if (typeof node === 'boolean') return node ? { needs: new Map(), rest: undefined } : undefined;
    const needed = new Map<Family, ConditionNode[]>();
    const others: ConditionNode[] = [];
    for (const part of conjunctsOf(node)) {
      const own = familyOf(part, grouping);
      if (own === undefined || !subjects.includes(own)) others.push(part);
      // What a name or a path must be for the part to be true is asked of them too: that is known of more events.
      for (const family of subjects) {
        const needs = family === own ? part : impliedBy(part, family, false);
        if (needs !== undefined) needed.set(family, [...(needed.get(family) ?? []), needs]);
        if (family === own) break;
      }
    }
    const joined = (children: readonly ConditionNode[]): ConditionNode => {
      const [only] = children;
      return group(orderByCost(children.length === 1 && only !== undefined ? only : { kind: 'and', children, at: node.at }, orders, costs), grouping);
    };
    return { needs: new Map([...needed].map(([family, members]) => [family, joined(members)])), rest: others.length === 0 ? undefined : joined(others) };
  }

  for (const condition of conditions) {
    const parts = split(condition);
    ready.set(condition, parts);
    if (parts?.rest !== undefined) countUses(parts.rest, uses);
  }
  for (const [text, { node, family }] of grouping.groups) {
    if (node.kind !== 'expanded') continue;
    const check = compileCondition(node.body, context, checks);
    checks.set(node.body, lasts(family, assumed.type) ? oncePerSubject(check, text, family) : check);
  }
  for (const [body, count] of uses) {
    if (checks.has(body) || count < 2 || body.kind === 'compare' || body.kind === 'exists') continue;
    checks.set(body, oncePerEvent(compileCondition(body, context, checks)));
  }
  return {
    compile(condition) {
      const parts = ready.has(condition) ? ready.get(condition) : split(condition);
      if (parts === undefined) return undefined;
      const needs = new Map([...parts.needs].map(([family, node]) => [family, compileCondition(node, context, checks)]));
      return { needs, rest: parts.rest === undefined ? undefined : compileCondition(parts.rest, context, checks) };
    },
  };
}

/** Expected ns below which asking again is cheaper than remembering. */
const worthRemembering = 25;

/** The parts of a condition that must all be true, negations taken inwards. */
function conjunctsOf(node: ConditionNode): readonly ConditionNode[] {
  switch (node.kind) {
    case 'and':
      return node.children.flatMap(conjunctsOf);
    case 'expanded': {
      const parts = conjunctsOf(node.body);
      return parts.length > 1 ? parts : [node];
    }
    case 'not': {
      const parts = disjunctsOf(node.child);
      return parts.length > 1 ? parts.flatMap((child) => conjunctsOf({ kind: 'not', child, at: node.at })) : [node];
    }
    default:
      return [node];
  }
}

/** A condition that only reads what a family has, and is true whenever this one is. Undefined: none is known. */
function impliedBy(node: ConditionNode, family: Family, negated: boolean): ConditionNode | undefined {
  if (within(node, family)) return negated ? { kind: 'not', child: node, at: node.at } : node;
  switch (node.kind) {
    case 'and':
    case 'or': {
      const parts = node.children.map((child) => impliedBy(child, family, negated));
      const known = parts.filter((part) => part !== undefined);
      if ((node.kind === 'or') === negated) return known.length > 1 ? { kind: 'and', children: known, at: node.at } : known[0];
      return known.length === parts.length ? { kind: 'or', children: known, at: node.at } : undefined;
    }
    case 'not': return impliedBy(node.child, family, !negated);
    case 'expanded': return impliedBy(node.body, family, negated);
    default: return undefined;
  }
}

/** The parts of a condition of which one must be true. */
function disjunctsOf(node: ConditionNode): readonly ConditionNode[] {
  if (node.kind === 'or') return node.children.flatMap(disjunctsOf);
  if (node.kind !== 'expanded') return [node];
  const parts = disjunctsOf(node.body);
  return parts.length > 1 ? parts : [node];
}

// Bodies within others come first, so that the inner ones are shared too.
function countUses(node: ConditionNode, uses: Map<ConditionNode, number>): void {
  if (node.kind === 'and' || node.kind === 'or') for (const child of node.children) countUses(child, uses);
  else if (node.kind === 'not') countUses(node.child, uses);
  else if (node.kind === 'expanded') {
    const known = uses.get(node.body);
    if (known === undefined) countUses(node.body, uses);
    uses.set(node.body, (known ?? 0) + 1);
  }
}

import type { ConditionNode } from '../condition/ast.ts';
import type { Event } from '../event.ts';
import type { Assumption, Outcome } from './assumption.ts';
import { simplify } from './assumption.ts';
import type { Needs } from './candidates.ts';
import type { Check } from './comparison.ts';
import { compileCondition } from './condition.ts';
import type { Family } from './family.ts';
import type { OperandContext } from './operand.ts';
import { orderByCost } from './order.ts';
import { createGrouping, group, oncePerSubject } from './remembered.ts';

/** A condition for one class of events, and what must be true of an event's subjects for it. */
type ClassCheck = { readonly check: Check; readonly needs: Needs };

/** Compiles many conditions for one class of events. Undefined: the condition can't be true for it. */
export type ClassCompiler = { compile(condition: ConditionNode): ClassCheck | undefined };

/**
 * The fast path beside the plain closures: what the class decides is left out, cheap checks come first, what only asks
 * about a process, a command line or a path is decided once for each, and a macro that several conditions share once per
 * event. `conditions` are all that will be compiled.
 */
export function createClassCompiler(conditions: readonly ConditionNode[], assumed: Assumption, context: OperandContext): ClassCompiler {
  const outcomes = new Map<ConditionNode, Outcome>();
  const simplified = new Map<ConditionNode, ConditionNode | boolean>();
  const orders = new Map<ConditionNode, ConditionNode>();
  const costs: Parameters<typeof orderByCost>[2] = new Map();
  const checks = new Map<ConditionNode, Check>();
  const uses = new Map<ConditionNode, number>();
  const remembered = new Map<ConditionNode, Family>();
  const grouping = createGrouping(assumed.type);
  const prepared = (condition: ConditionNode): ConditionNode | boolean => {
    const node = simplify(condition, assumed, outcomes, simplified);
    return typeof node === 'boolean' ? node : group(orderByCost(node, orders, costs), grouping);
  };
  for (const condition of conditions) {
    const node = prepared(condition);
    if (typeof node !== 'boolean') countUses(node, uses);
  }
  for (const [text, { node, family }] of grouping.groups) {
    if (node.kind !== 'expanded') continue;
    remembered.set(node.body, family);
    checks.set(node.body, oncePerSubject(compileCondition(node.body, context, checks), text, family));
  }
  for (const [body, count] of uses) {
    if (checks.has(body) || count < 2 || body.kind === 'compare' || body.kind === 'exists') continue;
    checks.set(body, oncePerEvent(compileCondition(body, context, checks)));
  }
  return {
    compile(condition) {
      const node = prepared(condition);
      if (node === false) return undefined;
      if (node === true) return { check: () => true, needs: new Map() };
      const needs = new Map<Family, Check>();
      for (const part of node.kind === 'and' ? node.children : [node]) {
        const family = part.kind === 'expanded' ? remembered.get(part.body) : undefined;
        if (family !== undefined) needs.set(family, compileCondition(part, context, checks));
      }
      return { check: compileCondition(node, context, checks), needs };
    },
  };
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

/** Events are reused, so object and number together say which one it is. */
function oncePerEvent(check: Check): Check {
  let last: Event | undefined;
  let num = -1;
  let value = false;
  return (event) => {
    if (event.num !== num || event !== last) {
      value = check(event);
      num = event.num;
      last = event;
    }
    return value;
  };
}

import type { CompareNode, ConditionNode, OperandNode } from '../condition/ast.ts';

// Checks have no effects, so their order is free: what costs little and decides much comes first. Figures are ns, roughly.
const fields: Readonly<Record<string, number>> = {
  'evt.type': 1, 'evt.num': 1, 'evt.rawres': 1, 'evt.failed': 1, 'evt.dir': 1, 'evt.cpu': 1, 'container.id': 4, 'proc.name': 4, 'proc.pid': 2, 'proc.vpid': 2, 'proc.tty': 2, 'proc.ppid': 2, 'user.uid': 2, 'group.gid': 2, 'user.loginuid': 2,
  'proc.pname': 5, 'proc.exepath': 6, 'proc.exe': 8, 'proc.is_exe_upper_layer': 4, 'proc.is_exe_from_memfd': 4, 'proc.duration': 4, 'container.privileged': 4, 'container.name': 4, 'container.image.repository': 5, 'evt.is_open_write': 8, 'evt.is_open_read': 8,
  'proc.args': 20, 'proc.cmdline': 20, 'proc.cwd': 20, 'proc.pcmdline': 20, 'fd.num': 40, 'fd.type': 40, 'fd.typechar': 40, 'evt.arg': 60, 'fd.sport': 60, 'fd.l4proto': 50, 'proc.aname': 80, 'fd.name': 120, 'fd.directory': 130, 'fd.filename': 130,
  'thread.cap_effective': 30, 'thread.cap_permitted': 30, 'user.name': 150, 'evt.args': 2000, 'evt.info': 2000, 'proc.env': 500, 'proc.aenv': 1000,
};
const operators: Readonly<Record<string, number>> = { '=': 2, '==': 2, '!=': 2, in: 8, startswith: 5, endswith: 5, contains: 30, icontains: 100, glob: 120, iglob: 200, regex: 4000, pmatch: 300 };

function operandCost(node: OperandNode): number {
  if (node.kind === 'field') return fields[node.name] ?? 50;
  if (node.kind === 'transform') return 40 + node.args.reduce((sum, arg) => sum + operandCost(arg), 0);
  return node.kind === 'tuple' ? node.items.reduce((sum, item) => sum + operandCost(item), 10) : 0;
}

/** Expected cost in ns, and how likely it is to be true of an ordinary event. */
type Estimate = { readonly cost: number; readonly chance: number };
type Estimates = Map<ConditionNode, Estimate>;

function estimate(node: ConditionNode, memo: Estimates): Estimate {
  const known = memo.get(node);
  if (known !== undefined) return known;
  const result = compute(node, memo);
  memo.set(node, result);
  return result;
}

/** Expected cost of a condition in ns. */
export function costOf(node: ConditionNode, memo: Estimates): number {
  return estimate(node, memo).cost;
}

function compute(node: ConditionNode, memo: Estimates): Estimate {
  switch (node.kind) {
    case 'and':
    case 'or': {
      // As it will be computed, best first: each part is paid for only as often as those before it left it open.
      let cost = 1;
      let open = 1;
      for (const child of sorted(node.kind, node.children, memo)) {
        const part = estimate(child, memo);
        cost += open * part.cost;
        open *= node.kind === 'and' ? part.chance : 1 - part.chance;
      }
      return { cost, chance: node.kind === 'and' ? open : 1 - open };
    }
    case 'not': {
      const child = estimate(node.child, memo);
      return { cost: child.cost + 1, chance: 1 - child.chance };
    }
    case 'expanded':
      return estimate(node.body, memo);
    case 'exists':
      return { cost: operandCost(node.left), chance: 0.9 };
    case 'compare':
      return { cost: operandCost(node.left) + (operators[node.operator] ?? 10), chance: chanceOf(node) };
    case 'macro':
      return { cost: 0, chance: 0.5 };
  }
}

// What a rule names is rare: most events are about something else.
function chanceOf(node: CompareNode): number {
  const name = node.left.kind === 'field' ? node.left.name : '';
  if (name === 'container.id' || name.startsWith('evt.is_') || name === 'fd.typechar' || name === 'fd.type' || name === 'user.uid') return 0.5;
  if (node.operator === '!=') return 0.95;
  return ['<', '<=', '>', '>='].includes(node.operator) ? 0.5 : 0.03;
}

function sorted(kind: 'and' | 'or', children: readonly ConditionNode[], memo: Estimates): readonly ConditionNode[] {
  const rank = (child: ConditionNode): number => {
    const { cost, chance } = estimate(child, memo);
    return cost / Math.max(1e-6, kind === 'and' ? 1 - chance : chance);
  };
  return children.toSorted((a, b) => rank(a) - rank(b));
}

/** The same condition, the parts of each "and" and "or" in the order that costs least. A part that is shared stays one object. */
export function orderByCost(node: ConditionNode, done: Map<ConditionNode, ConditionNode>, memo: Estimates): ConditionNode {
  const known = done.get(node);
  if (known !== undefined) return known;
  const result = ordered(node, done, memo);
  done.set(node, result);
  return result;
}

function ordered(node: ConditionNode, done: Map<ConditionNode, ConditionNode>, memo: Estimates): ConditionNode {
  switch (node.kind) {
    case 'and':
    case 'or': return { ...node, children: sorted(node.kind, node.children, memo).map((child) => orderByCost(child, done, memo)) };
    case 'not': return { ...node, child: orderByCost(node.child, done, memo) };
    case 'expanded': return { ...node, body: orderByCost(node.body, done, memo) };
    default: return node;
  }
}

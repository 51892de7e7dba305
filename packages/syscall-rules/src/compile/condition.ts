import type { ConditionNode } from '../condition/ast.ts';
import { ConditionError } from '../condition/parse.ts';
import type { Check } from './comparison.ts';
import { compileComparison, compileExists } from './comparison.ts';
import type { OperandContext } from './operand.ts';

/** A condition as one closure. Bodies of macros are compiled once and shared, by `memo`, among all rules. */
export function compileCondition(node: ConditionNode, context: OperandContext, memo: Map<ConditionNode, Check>): Check {
  switch (node.kind) {
    case 'and':
      return all(node.children.map((child) => compileCondition(child, context, memo)));
    case 'or':
      return any(node.children.map((child) => compileCondition(child, context, memo)));
    case 'not': {
      const child = compileCondition(node.child, context, memo);
      return (event) => !child(event);
    }
    case 'exists':
      return compileExists(node, context);
    case 'compare':
      return compileComparison(node, context);
    case 'expanded': {
      let check = memo.get(node.body);
      if (check === undefined) {
        check = compileCondition(node.body, context, memo);
        memo.set(node.body, check);
      }
      return check;
    }
    case 'macro':
      throw new ConditionError(`no macro "${node.name}"`, node.at);
  }
}

function all(checks: readonly Check[]): Check {
  const [a, b, c, d] = checks;
  if (checks.length === 2 && a !== undefined && b !== undefined) return (event) => a(event) && b(event);
  if (checks.length === 3 && a !== undefined && b !== undefined && c !== undefined) return (event) => a(event) && b(event) && c(event);
  if (checks.length === 4 && a !== undefined && b !== undefined && c !== undefined && d !== undefined) return (event) => a(event) && b(event) && c(event) && d(event);
  return (event) => {
    for (let index = 0; index < checks.length; index += 1) if (!(checks[index] as Check)(event)) return false;
    return true;
  };
}

function any(checks: readonly Check[]): Check {
  const [a, b, c] = checks;
  if (checks.length === 2 && a !== undefined && b !== undefined) return (event) => a(event) || b(event);
  if (checks.length === 3 && a !== undefined && b !== undefined && c !== undefined) return (event) => a(event) || b(event) || c(event);
  return (event) => {
    for (let index = 0; index < checks.length; index += 1) if ((checks[index] as Check)(event)) return true;
    return false;
  };
}

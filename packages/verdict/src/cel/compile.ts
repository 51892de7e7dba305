import { isCelError, parse, plan } from '@bufbuild/cel';
import type { CelEnv, CelInput } from '@bufbuild/cel';
import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { celFunctions, celVariables } from './environment.ts';

/** A condition ready to ask. `variables` are those it reads. `test` answers true, false or why it cannot say. */
export type Condition = {
  readonly variables: ReadonlySet<string>;
  test(bindings: Readonly<Record<string, CelInput>>): boolean | { readonly failed: string };
};

/** Why an expression was refused, and where in it (1-based). */
export class CelRefusal extends Error {
  override readonly name = 'CelRefusal';
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Longest expression; the parser is recursive descent. */
const maxExpression = 16_384;

/**
 * Compiles one CEL expression. Names that do not exist are refused here, not when the first image arrives:
 * a rule with a typing error would otherwise never fire. Throws CelRefusal.
 */
export function compileCondition(text: string, environment: CelEnv): Condition {
  if (text.length > maxExpression) throw new CelRefusal(`longer than ${maxExpression} characters`, 1, 1);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text);
  } catch (error) {
    throw refusalOf(error);
  }
  const where = (id: bigint): { line: number; column: number } => positionOf(text, parsed.sourceInfo?.positions[id.toString()] ?? 0);
  const variables = new Set<string>();
  walk(parsed.expr, new Set(), variables, (id, message) => {
    const at = where(id);
    throw new CelRefusal(message, at.line, at.column);
  });
  const run = plan(environment, parsed);
  return {
    variables,
    test(bindings) {
      let answer: unknown;
      try {
        answer = run(bindings);
      } catch (error) {
        return { failed: error instanceof Error ? error.message : String(error) };
      }
      if (isCelError(answer)) return { failed: answer.message };
      return typeof answer === 'boolean' ? answer : { failed: 'the condition is neither true nor false' };
    },
  };
}

function refusalOf(error: unknown): CelRefusal {
  const location: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'location') : undefined;
  const start: unknown = typeof location === 'object' && location !== null ? Reflect.get(location, 'start') : undefined;
  const message = (error instanceof Error ? error.message : String(error)).replace(/<input>:\d+:\d+: /, '');
  if (typeof start !== 'object' || start === null) return new CelRefusal(message, 1, 1);
  return new CelRefusal(message, Number(Reflect.get(start, 'line')), Number(Reflect.get(start, 'column')));
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

type Refuse = (id: bigint, message: string) => never;

function walk(expr: Expr | undefined, local: ReadonlySet<string>, variables: Set<string>, refuse: Refuse): void {
  if (expr === undefined) return;
  const into = (inner: Expr | undefined, names = local): void => walk(inner, names, variables, refuse);
  const kind = expr.exprKind;
  switch (kind.case) {
    case 'identExpr': {
      const { name } = kind.value;
      if (local.has(name) || typeNames.has(name)) return;
      if (!Object.hasOwn(celVariables, name)) refuse(expr.id, `unknown variable "${name}"; known are ${Object.keys(celVariables).join(', ')}`);
      variables.add(name);
      return;
    }
    case 'selectExpr': {
      const { operand, field } = kind.value;
      const root = operand?.exprKind;
      if (root?.case === 'identExpr' && !local.has(root.value.name)) {
        const fields = Object.hasOwn(celVariables, root.value.name) ? celVariables[root.value.name] : undefined;
        if (fields !== undefined && !fields.has(field)) refuse(expr.id, `${root.value.name} has no field "${field}"; it has ${[...fields].join(', ')}`);
      }
      into(operand);
      return;
    }
    case 'callExpr': {
      const { function: name, target, args } = kind.value;
      if (/^[A-Za-z]/.test(name) && !celFunctions.has(name)) refuse(expr.id, `unknown function "${name}"`);
      into(target);
      for (const argument of args) into(argument);
      return;
    }
    case 'listExpr':
      for (const element of kind.value.elements) into(element);
      return;
    case 'structExpr':
      for (const entry of kind.value.entries) {
        if (entry.keyKind.case === 'mapKey') into(entry.keyKind.value);
        into(entry.value);
      }
      return;
    case 'comprehensionExpr': {
      const { iterVar, iterVar2, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      const names = new Set([...local, iterVar, iterVar2, accuVar]);
      into(iterRange);
      into(accuInit);
      for (const inner of [loopCondition, loopStep, result]) into(inner, names);
      return;
    }
    default:
  }
}

const typeNames: ReadonlySet<string> = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type', 'duration', 'timestamp']);

import type { OperandNode } from '../condition/ast.ts';
import { ConditionError, parseCondition } from '../condition/parse.ts';
import type { Event } from '../event.ts';
import { findField } from '../fields/registry.ts';
import type { FieldValue } from '../fields/field.ts';
import type { Operand, OperandContext } from '../compile/operand.ts';
import { FieldError, compileOperand } from '../compile/operand.ts';

/** A rule's `output`, compiled: its text for an event, and the values of its fields by name. */
export type Template = {
  text(event: Event): string;
  fields(event: Event): Record<string, unknown>;
  readonly names: readonly string[];
};

type Token = string | { readonly name: string; readonly operand: Operand };

/** Compiles "… %proc.name %tolower(fd.name) …". Throws ConditionError; "%%" is a percent sign. */
export function compileTemplate(text: string, context: OperandContext): Template {
  const tokens: Token[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (char !== '%') {
      plain += char;
      at += 1;
    } else if (text[at + 1] === '%') {
      plain += '%';
      at += 2;
    } else {
      const start = at + 1 + (text[at + 1] === '*' ? 1 : 0);
      const { node, written, length } = readToken(text, start);
      if (plain !== '') tokens.push(plain);
      plain = '';
      tokens.push({ name: written, operand: compileOperand(node, context) });
      at = start + length;
    }
  }
  if (plain !== '') tokens.push(plain);
  const fields = tokens.filter((token) => typeof token !== 'string');
  return {
    text: (event) => tokens.map((token) => (typeof token === 'string' ? token : shown(token.operand.get(event)))).join(''),
    fields: (event) => Object.fromEntries(fields.map(({ name, operand }) => [name, plainValue(operand.get(event))])),
    names: fields.map((field) => field.name),
  };
}

function readToken(text: string, start: number): { readonly node: OperandNode; readonly written: string; readonly length: number } {
  const rest = text.slice(start);
  const transform = /^[a-zA-Z0-9]+\(/.exec(rest);
  if (transform !== null) {
    const length = closing(rest, transform[0].length);
    if (length === undefined) throw new ConditionError(`"%${rest.slice(0, 30)}" is not closed`, start);
    const written = rest.slice(0, length);
    const node = parseCondition(`${written} exists`);
    if (node.kind !== 'exists') throw new ConditionError(`"%${written}" is no field`, start);
    return { node: { ...node.left, at: start }, written, length };
  }
  const match = /^[a-zA-Z]+[a-zA-Z0-9_]*(?:\.[a-zA-Z]+[a-zA-Z0-9_]*)*/.exec(rest);
  // A dot after a field may end a sentence: the longest name that is a field counts.
  for (let name = match?.[0] ?? ''; name.includes('.'); name = name.slice(0, name.lastIndexOf('.'))) {
    const argument = /^\[("[^"]*"|'[^']*'|[^\]]*)\]/.exec(rest.slice(name.length));
    const key = argument?.[1]?.replace(/^(["'])(.*)\1$/, '$2');
    if (findField(name, key) === undefined) continue;
    const written = rest.slice(0, name.length + (argument?.[0].length ?? 0));
    return { node: { kind: 'field', name, argument: key, at: start }, written, length: written.length };
  }
  throw new FieldError(`unknown field "%${match?.[0] ?? rest.slice(0, 20)}" in the output`, start, match?.[0] ?? '', true);
}

function closing(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"' || char === "'") {
      const end = text.indexOf(char, at + 1);
      if (end < 0) return undefined;
      at = end;
    } else if (char === '(') depth += 1;
    else if (char === ')' && (depth -= 1) === 0) return at + 1;
  }
  return undefined;
}

function shown(value: FieldValue): string {
  if (value === undefined) return '<NA>';
  if (Array.isArray(value)) return value.length === 0 ? '<NA>' : String(value[0]);
  return String(value);
}

/** As JSON has it: numbers stay numbers, what is absent is null; of alternatives the first. */
function plainValue(value: FieldValue): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return (value as readonly unknown[])[0] ?? null;
  return value;
}

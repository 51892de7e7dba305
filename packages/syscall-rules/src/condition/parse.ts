import type { ConditionNode, FieldNode, ListNode, LiteralNode, Modifier, OperandNode } from './ast.ts';
import { unescapeQuoted } from './quoted.ts';

// The condition language of Falco (libs 0.2x): or, and, not; checks "field OP value"; identifiers are macros.
// Words are not reserved: "and", "in" … are recognised by place only, as Falco does it.

/** Longest condition after appends; Falco's own longest has 3,000 characters. */
export const maxConditionLength = 256 * 1024;
/** Deepest nesting of parentheses, "not" and transformers: each level is a few stack frames. */
const maxDepth = 200;

export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const patterns = {
  blank: /[ \t\b\r\n]*/y,
  field: /[a-zA-Z]+[a-zA-Z0-9_]*(?:\.[a-zA-Z]+[a-zA-Z0-9_]*)+/y,
  identifier: /[a-zA-Z]+[a-zA-Z0-9_]*/y,
  fieldArgument: /[^[\]"'\s]+/y,
  number: /0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?/y,
  bare: /[^()"'\s=,]+/y,
  transform: /(tolower|toupper|b64|basename|len|join|concat|getopt|val)[ \t]*\(/y,
  exists: /exists(?![a-zA-Z0-9_])/y,
  numeric: /<=|<|>=|>/y,
  string: /==|=|!=|(?:iglob|glob|icontains|bcontains|contains|bstartswith|startswith|endswith|regex)(?=[ \t\b\r\n("'])/y,
  list: /intersects|in(?=[ \t\b\r\n(])|pmatch/y,
  modifier: /(oneof|anyof|allof)(?=[ \t\b\r\n(])/y,
} as const;

/** Operators, for messages and for the `comps` of exceptions. */
export const listOperators: ReadonlySet<string> = new Set(['in', 'intersects', 'pmatch']);
export const operators: ReadonlySet<string> = new Set(['exists', '==', '=', '!=', '<=', '<', '>=', '>', 'contains', 'icontains', 'bcontains', 'startswith', 'bstartswith', 'endswith', 'glob', 'iglob', 'regex', ...listOperators]);

/** Parses a condition. Throws ConditionError with the offset of what was not understood. */
export function parseCondition(text: string): ConditionNode {
  if (text.length > maxConditionLength) throw new ConditionError(`condition longer than ${maxConditionLength} characters`, 0);
  let position = 0;
  let depth = 0;

  const fail = (message: string): never => {
    throw new ConditionError(message, position);
  };
  const lex = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match === null || match[0].length === 0) return undefined;
    position += match[0].length;
    return match[0];
  };
  const blank = (): boolean => lex(patterns.blank) !== undefined;
  const take = (word: string): boolean => {
    if (!text.startsWith(word, position)) return false;
    position += word.length;
    return true;
  };
  const near = (): string => (position >= text.length ? 'at the end' : `near "${text.slice(position, position + 20).trimEnd()}"`);

  function nested<T>(parse: () => T): T {
    depth += 1;
    if (depth > maxDepth) fail(`nested deeper than ${maxDepth}`);
    const result = parse();
    depth -= 1;
    return result;
  }

  function series(kind: 'or' | 'and', parseOne: () => ConditionNode): ConditionNode {
    blank();
    const at = position;
    const children = [parseOne()];
    for (;;) {
      blank();
      const before = position;
      if (!take(kind)) break;
      const open = text[position];
      if (open === '(') children.push(parseOne());
      else if (blank()) children.push(parseOne());
      else {
        position = before;
        break;
      }
    }
    return children.length === 1 ? (children[0] as ConditionNode) : { kind, children, at };
  }

  const parseOr = (): ConditionNode => nested(() => series('or', parseAnd));
  const parseAnd = (): ConditionNode => series('and', parseNot);

  function parseNot(): ConditionNode {
    blank();
    const at = position;
    let negated = false;
    for (;;) {
      if (!/^not[\s(]/.test(text.slice(position, position + 4))) break;
      position += 3;
      negated = !negated;
      blank();
    }
    const child = parseCheck();
    return negated ? { kind: 'not', child, at } : child;
  }

  function parseCheck(): ConditionNode {
    blank();
    const at = position;
    if (take('(')) {
      const inner = parseOr();
      blank();
      if (!take(')')) fail(`expected ")" ${near()}`);
      return inner;
    }
    const left = parseFieldOrTransform();
    if (left !== undefined) return parseComparison(left, at);
    const name = lex(patterns.identifier);
    if (name !== undefined) return { kind: 'macro', name, at };
    return fail(`expected "(", a field check or a macro ${near()}`);
  }

  function parseFieldOrTransform(): OperandNode | undefined {
    const at = position;
    const transform = lex(patterns.transform);
    if (transform !== undefined) {
      return nested(() => {
        const args: OperandNode[] = [];
        do {
          blank();
          args.push(parseTransformArgument());
          blank();
        } while (take(','));
        if (!take(')')) fail(`expected ")" closing the transformer ${near()}`);
        return { kind: 'transform', name: transform.slice(0, -1).trim(), args, at };
      });
    }
    return parseField();
  }

  function parseTransformArgument(): OperandNode {
    const at = position;
    if (take('(')) {
      const items: OperandNode[] = [];
      do {
        blank();
        items.push(nested(parseTransformArgument));
        blank();
      } while (take(','));
      if (!take(')')) fail(`expected ")" ${near()}`);
      return { kind: 'tuple', items, at };
    }
    return parseFieldOrTransform() ?? quoted() ?? fail(`expected a field, a string or a transformer ${near()}`);
  }

  function parseField(): FieldNode | undefined {
    const at = position;
    const name = lex(patterns.field);
    if (name === undefined) return undefined;
    if (!take('[')) return { kind: 'field', name, argument: undefined, at };
    const argument = quoted()?.text ?? lex(patterns.fieldArgument) ?? fail(`expected an argument of ${name} ${near()}`);
    if (!take(']')) fail(`expected "]" after the argument of ${name} ${near()}`);
    return { kind: 'field', name, argument, at };
  }

  function parseComparison(left: OperandNode, at: number): ConditionNode {
    blank();
    if (lex(patterns.exists) !== undefined) return { kind: 'exists', left, at };
    const numeric = lex(patterns.numeric);
    if (numeric !== undefined) {
      blank();
      const right = parseFieldOrTransformAsValue() ?? numberLiteral() ?? fail(`expected a number after "${numeric}" ${near()}`);
      return { kind: 'compare', left, operator: numeric, modifier: undefined, right, at };
    }
    const operator = lex(patterns.string);
    if (operator !== undefined) {
      blank();
      const modifier = lex(patterns.modifier) as Modifier | undefined;
      blank();
      if (modifier !== undefined) return { kind: 'compare', left, operator, modifier, right: parseListValue(), at };
      const right = parseFieldOrTransformAsValue() ?? stringLiteral() ?? fail(`expected a value after "${operator}" ${near()}`);
      return { kind: 'compare', left, operator, modifier: undefined, right, at };
    }
    const list = lex(patterns.list);
    if (list !== undefined) {
      blank();
      return { kind: 'compare', left, operator: list, modifier: undefined, right: parseListValue(), at };
    }
    return fail(`expected an operator (one of ${[...operators].join(' ')}) ${near()}`);
  }

  // Only transformers make the right side a computed value: a bare "proc.name" there is the text "proc.name".
  function parseFieldOrTransformAsValue(): OperandNode | undefined {
    patterns.transform.lastIndex = position;
    return patterns.transform.test(text) ? parseFieldOrTransform() : undefined;
  }

  function parseListValue(): ListNode | LiteralNode | OperandNode {
    const at = position;
    if (take('(')) {
      const items: LiteralNode[] = [];
      blank();
      if (take(')')) return { kind: 'list', items, at };
      do {
        blank();
        // An empty list spliced in by name leaves a comma behind; Falco removes it, so it is no error here.
        if (text[position] === ',' || text[position] === ')') continue;
        items.push(stringLiteral() ?? fail(`expected a list item ${near()}`));
        blank();
      } while (take(','));
      if (!take(')')) fail(`expected ")" closing the list ${near()}`);
      return { kind: 'list', items, at };
    }
    const computed = parseFieldOrTransformAsValue();
    if (computed !== undefined) return computed;
    const name = lex(patterns.identifier);
    if (name !== undefined) return { kind: 'list', items: [{ kind: 'literal', text: name, quoted: false, at }], at };
    return fail(`expected a list ${near()}`);
  }

  function numberLiteral(): LiteralNode | undefined {
    const at = position;
    const number = lex(patterns.number);
    return number === undefined ? undefined : { kind: 'literal', text: number, quoted: false, at };
  }

  function stringLiteral(): LiteralNode | undefined {
    const at = position;
    const found = quoted();
    if (found !== undefined) return found;
    const bare = lex(patterns.bare);
    return bare === undefined ? undefined : { kind: 'literal', text: bare, quoted: false, at };
  }

  function quoted(): LiteralNode | undefined {
    const at = position;
    const delimiter = text[position];
    if (delimiter !== '"' && delimiter !== "'") return undefined;
    let end = position + 1;
    while (end < text.length && text[end] !== delimiter) end += text[end] === '\\' ? 2 : 1;
    if (end >= text.length) return fail(`string is not closed ${near()}`);
    const inner = text.slice(position + 1, end);
    position = end + 1;
    return { kind: 'literal', text: unescapeQuoted(inner), quoted: true, at };
  }

  const result = parseOr();
  blank();
  if (position < text.length) fail(`expected "and", "or" or the end ${near()}`);
  return result;
}

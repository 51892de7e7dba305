/** Offset into the condition's text; errors turn it into a line of the rule file. */
export type At = { readonly at: number };

export type FieldNode = At & { readonly kind: 'field'; readonly name: string; readonly argument: string | undefined };
export type LiteralNode = At & { readonly kind: 'literal'; readonly text: string; readonly quoted: boolean };
export type ListNode = At & { readonly kind: 'list'; readonly items: readonly LiteralNode[] };
/** `tolower(…)`, `concat(…)`, `val(…)`: arguments are fields, transforms, literals, or a list of them (join). */
export type TransformNode = At & { readonly kind: 'transform'; readonly name: string; readonly args: readonly OperandNode[] };
export type TupleNode = At & { readonly kind: 'tuple'; readonly items: readonly OperandNode[] };
export type OperandNode = FieldNode | TransformNode | LiteralNode | TupleNode;

/** `oneof`, `anyof`: true when one of the values matches; `allof`: when every one does. */
export type Modifier = 'oneof' | 'anyof' | 'allof';

export type ExistsNode = At & { readonly kind: 'exists'; readonly left: OperandNode };
export type CompareNode = At & {
  readonly kind: 'compare';
  readonly left: OperandNode;
  readonly operator: string;
  readonly modifier: Modifier | undefined;
  readonly right: LiteralNode | ListNode | OperandNode;
};
export type MacroNode = At & { readonly kind: 'macro'; readonly name: string };

/** A condition as written: lists and macros still by name. */
export type ConditionNode =
  | (At & { readonly kind: 'and' | 'or'; readonly children: readonly ConditionNode[] })
  | (At & { readonly kind: 'not'; readonly child: ConditionNode })
  | ExistsNode
  | CompareNode
  | MacroNode
  /** A macro with its body, put there by resolve.ts; one body object is shared by all its uses. */
  | (At & { readonly kind: 'expanded'; readonly name: string; readonly body: ConditionNode });

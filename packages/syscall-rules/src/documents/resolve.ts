import type { CompareNode, ConditionNode, ListNode, LiteralNode } from '../condition/ast.ts';
import { ConditionError, parseCondition } from '../condition/parse.ts';
import { unquoteItem } from '../condition/quoted.ts';
import type { Collection, CollectedMacro } from './collect.ts';
import type { SourceText } from './item.ts';

/** Items a list may have once the lists in it are spliced in: lists of lists of lists grow fast. */
const maxListItems = 100_000;

/** Where in the files an offset of a joined condition lies. */
export type Located = { readonly file: string; readonly line: number };

/** Appended texts are joined by a blank before they are parsed, so that "and …" continues what stood before. */
export function joinTexts(parts: readonly SourceText[]): { readonly text: string; locate(offset: number): Located } {
  return {
    text: parts.map((part) => part.value).join(' '),
    locate(offset) {
      let start = 0;
      for (const part of parts) {
        if (offset <= start + part.value.length) return { file: part.file, line: part.lineAt(offset - start) };
        start += part.value.length + 1;
      }
      const last = parts.at(-1);
      return { file: last?.file ?? '', line: last?.lineAt(last.value.length) ?? 1 };
    },
  };
}

export class ResolveError extends ConditionError {
  readonly code: string;
  readonly located: Located;
  constructor(code: string, message: string, at: number, located: Located) {
    super(message, at);
    this.code = code;
    this.located = located;
  }
}

export type Resolver = {
  /** The condition of a rule with all lists and macros in place. Throws ResolveError. */
  condition(parts: readonly SourceText[]): ConditionNode;
  /** Splices lists into a condition made elsewhere (exceptions). */
  splice(node: ConditionNode): ConditionNode;
  readonly usedLists: ReadonlySet<string>;
  readonly usedMacros: ReadonlySet<string>;
};

export function createResolver(collection: Collection): Resolver {
  const { lists, macros } = collection;
  const usedLists = new Set<string>();
  const usedMacros = new Set<string>();
  const listCache = new Map<string, readonly LiteralNode[]>();
  const macroCache = new Map<string, ConditionNode>();
  const open = new Set<string>();

  function listItems(name: string): readonly LiteralNode[] {
    const cached = listCache.get(name);
    if (cached !== undefined) return cached;
    const list = lists.get(name);
    const result: LiteralNode[] = [];
    listCache.set(name, result); // a list that holds itself gets what is there so far
    for (const item of list?.items ?? []) {
      const inner = lists.get(item);
      if (inner !== undefined && inner.order < (list?.seen ?? 0) && inner.name !== name) {
        usedLists.add(item);
        for (const literal of listItems(item)) result.push(literal);
      } else if (item.trim() !== '') result.push({ kind: 'literal', ...unquoteItem(item.trim()), at: 0 });
      if (result.length > maxListItems) break;
    }
    return result;
  }

  function spliceLiterals(items: readonly LiteralNode[]): LiteralNode[] {
    return items.flatMap((item) => {
      if (item.quoted || !lists.has(item.text)) return [item];
      usedLists.add(item.text);
      return listItems(item.text).map((literal) => ({ ...literal, at: item.at }));
    });
  }

  function compare(node: CompareNode): CompareNode {
    const { right } = node;
    if (right.kind === 'list') {
      const list: ListNode = { ...right, items: spliceLiterals(right.items) };
      return { ...node, right: list };
    }
    if (right.kind === 'literal' && !right.quoted && lists.has(right.text)) {
      const items = spliceLiterals([right]);
      if (items.length !== 1) throw new ConditionError(`list "${right.text}" has ${items.length} items: "${node.operator}" takes one value, "in" a list`, right.at);
      return { ...node, right: items[0] as LiteralNode };
    }
    return node;
  }

  function splice(node: ConditionNode): ConditionNode {
    if (node.kind === 'and' || node.kind === 'or') return { ...node, children: node.children.map(splice) };
    if (node.kind === 'not') return { ...node, child: splice(node.child) };
    return node.kind === 'compare' ? compare(node) : node;
  }

  // `visible`: macros first defined before this point of the files; a rule sees all of them.
  function expand(node: ConditionNode, visible: number): ConditionNode {
    if (node.kind === 'and' || node.kind === 'or') return { ...node, children: node.children.map((child) => expand(child, visible)) };
    if (node.kind === 'not') return { ...node, child: expand(node.child, visible) };
    if (node.kind === 'compare') return compare(node);
    if (node.kind !== 'macro') return node;
    const macro = macros.get(node.name);
    if (macro === undefined) throw new ConditionError(`no macro "${node.name}" (a field has a "." in its name)`, node.at);
    if (macro.order >= visible) throw new ConditionError(`macro "${node.name}" is defined only after this one`, node.at);
    usedMacros.add(node.name);
    return { kind: 'expanded', name: node.name, body: macroBody(macro, node.at), at: node.at };
  }

  function macroBody(macro: CollectedMacro, at: number): ConditionNode {
    const cached = macroCache.get(macro.name);
    if (cached !== undefined) return cached;
    if (open.has(macro.name)) throw new ConditionError(`macro "${macro.name}" uses itself`, at);
    open.add(macro.name);
    try {
      const body = inPlace(macro.parts, macro.seen, `macro "${macro.name}": `);
      macroCache.set(macro.name, body);
      return body;
    } finally {
      open.delete(macro.name);
    }
  }

  function inPlace(parts: readonly SourceText[], visible: number, prefix: string): ConditionNode {
    const joined = joinTexts(parts);
    try {
      return expand(parseCondition(joined.text), visible);
    } catch (error) {
      if (!(error instanceof ConditionError) || error instanceof ResolveError) throw error;
      throw new ResolveError(/^no macro|^macro /.test(error.message) ? 'macro' : 'condition', prefix + error.message, error.at, joined.locate(error.at));
    }
  }

  return { condition: (parts) => inPlace(parts, Number.POSITIVE_INFINITY, ''), splice, usedLists, usedMacros };
}

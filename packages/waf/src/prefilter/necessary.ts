import type { Node } from '../regex/syntax.ts';

/** More alternatives than this say too little to be worth their place in the tables. */
const maxLiterals = 3000;
/** Bounds of the texts that are written out in full while a pattern is read. */
const maxExact = 96;
const maxMembers = 8;
const maxLength = 24;

/** All texts a node can match, where they are few; and literals of which every match holds one. Lower case. */
type Known = { readonly exact?: readonly string[]; readonly clause?: readonly string[] };

/** The bytes of a set when case is ignored, where they are few. */
function membersOf(set: Uint8Array): string[] | undefined {
  const found = new Set<string>();
  for (let byte = 0; byte < 256; byte += 1) {
    if (set[byte] !== 1) continue;
    found.add(String.fromCharCode(byte >= 65 && byte <= 90 ? byte + 32 : byte));
    if (found.size > maxMembers) return undefined;
  }
  return [...found];
}

/** How likely ordinary text is to hold one of the literals, roughly. */
export function likelihood(literals: readonly string[]): number {
  let sum = 0;
  for (const literal of literals) {
    let product = 1;
    for (const char of literal) product *= /[a-z]/.test(char) ? 0.07 : /[0-9 ]/.test(char) ? 0.08 : /[./_=-]/.test(char) ? 0.04 : 0.005;
    sum += product * 20;
  }
  return sum;
}

/** Without literals that hold another one: where they occur that one does. */
function reduced(literals: readonly string[]): readonly string[] {
  const byLength = [...new Set(literals)].sort((a, b) => a.length - b.length);
  if (byLength.length > 400) return byLength;
  const kept: string[] = [];
  for (const literal of byLength) if (!kept.some((shorter) => literal.includes(shorter))) kept.push(literal);
  return kept;
}

const better = (a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined =>
  a === undefined || b === undefined ? (a ?? b) : likelihood(b) < likelihood(a) ? b : a;

function clauseOf({ exact, clause }: Known): readonly string[] | undefined {
  return exact === undefined || exact.length === 0 || exact.includes('') ? clause : better(clause, reduced(exact));
}

function cross(left: readonly string[], right: readonly string[]): readonly string[] | undefined {
  if (left.length * right.length > maxExact) return undefined;
  const all = new Set<string>();
  for (const a of left) for (const b of right) all.add(a + b);
  return [...all].some((text) => text.length > maxLength) ? undefined : [...all];
}

function concat(items: readonly Known[]): Known {
  let clause: readonly string[] | undefined;
  let exact: readonly string[] | undefined = [''];
  let whole = true;
  for (const item of items) {
    const joined: readonly string[] | undefined = exact === undefined || item.exact === undefined ? undefined : cross(exact, item.exact);
    if (joined !== undefined) {
      exact = joined;
      clause = better(clause, item.clause);
      continue;
    }
    clause = better(better(clause, clauseOf({ exact: exact ?? [] })), clauseOf(item));
    whole = false;
    exact = item.exact;
  }
  return whole && exact !== undefined ? { exact, ...(clause === undefined ? {} : { clause }) } : { ...optional(better(clause, clauseOf({ exact: exact ?? [] }))) };
}

const optional = (clause: readonly string[] | undefined): Known => (clause === undefined ? {} : { clause });

function knownOf(node: Node): Known {
  switch (node.kind) {
    case 'set': {
      const members = membersOf(node.set);
      return members === undefined || members.length === 0 ? {} : { exact: members };
    }
    case 'capture':
    case 'atomic':
      return knownOf(node.item);
    case 'repeat': {
      const inner = knownOf(node.item);
      if (node.min === 1 && node.max === 1) return inner;
      if (node.min > 0) return node.min === node.max && node.min <= 8 ? concat(Array.from({ length: node.min }, () => inner)) : optional(clauseOf(inner));
      return node.max === 1 && inner.exact !== undefined && inner.exact.length < maxMembers ? { exact: [...new Set([...inner.exact, ''])] } : {};
    }
    case 'alternatives': {
      const options = node.items.map(knownOf);
      const exact = options.every((option) => option.exact !== undefined) ? [...new Set(options.flatMap((option) => option.exact!))] : undefined;
      if (exact !== undefined && exact.length <= maxExact) return { exact };
      const all: string[] = [];
      for (const option of options) {
        const clause = clauseOf(option);
        if (clause === undefined) return {};
        all.push(...clause);
        if (all.length > maxLiterals) return {};
      }
      return { clause: reduced(all) };
    }
    case 'concat':
      return concat(node.items.map(knownOf));
    case 'look':
    case 'assertion':
      return { exact: [''] }; // they take up no text, so what stands around them is adjacent
    case 'backreference':
      return {};
  }
}

/**
 * Lower-case literals of which every match contains at least one, or undefined where none can be promised that ordinary
 * text often lacks. A value without any of them cannot match: assertions and look-arounds only narrow further.
 */
export function necessaryLiterals(node: Node): readonly string[] | undefined {
  const clause = clauseOf(knownOf(node));
  return clause === undefined || clause.length === 0 || likelihood(clause) > 3 ? undefined : clause;
}

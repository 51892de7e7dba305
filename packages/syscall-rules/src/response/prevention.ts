import type { CompareNode, ConditionNode } from '../condition/ast.ts';
import { printCondition } from '../condition/print.ts';
import { eventTypeByName } from '../event-types/table.ts';
import { eventTypeNames } from '../compile/comparison.ts';
import type { Rule } from '../rule.ts';

/** One entry of the kernel's deny maps. `text` is a path, a file's name, the name a program goes by, or a container id ("" for every container). */
export type DenyEntry = {
  readonly op: 'denyPath' | 'denyName' | 'denyComm' | 'denyContainer';
  readonly text: string;
  /** Only inside containers (paths and names). */
  readonly containers?: boolean;
  /** Which executed files (containers): written after the image, or in memory only. */
  readonly upper?: boolean;
  readonly memfd?: boolean;
};

/** What can be done about a rule's events: before them, after them, or nothing but telling. */
export type Enforcement =
  | { readonly kind: 'prevents'; readonly entries: readonly DenyEntry[] }
  | { readonly kind: 'acts-after'; readonly reason: string }
  | { readonly kind: 'alerts'; readonly reason: string };

/**
 * Most bytes of a text in the deny maps, with its end (sensor/request.h). A file's name is cut to 15 bytes there, so one of
 * 15 would fit longer ones too; the name a program goes by is cut by the kernel itself, for the rules alike.
 */
const longest = { path: 256, name: 15, comm: 16 } as const;
/** Alternatives a condition may unfold into: the maps hold 4,096 paths. */
const maxAlternatives = 1024;

const ops = { path: 'denyPath', name: 'denyName', comm: 'denyComm' } as const;

const execTypes = new Set(['execve', 'execveat']);
const withoutProcess = new Set(['procexit', 'container', 'drop', 'signaldeliver', 'procinfo', 'scapevent', 'usergroup', 'asyncevent', 'notification', 'infra', 'cpu_hotplug', 'switch', 'page_fault', 'tracer', 'pluginevent', 'syscall']);

/**
 * Whether the kernel side can decide the whole condition alone. It can when every alternative is an exec and one of:
 * an executed path, an executed file's name, the name the program goes by, a file of the upper layer, a memfd, each
 * perhaps only in containers.
 * One check more (who the parent is, what the image is called) and it can't: half a condition would deny too much.
 */
export function enforcementOf(rule: Rule): Enforcement {
  const types = rule.eventTypes.map((id) => [...eventTypeByName.values()].find((type) => type.id === id)?.name ?? '');
  if (types.length > 0 && types.every((name) => withoutProcess.has(name))) return { kind: 'alerts', reason: `no process can be acted on after ${types.join(', ')}` };
  if (types.length === 0) return { kind: 'alerts', reason: 'the condition can never be true' };
  const notExec = types.find((name) => !execTypes.has(name));
  if (notExec !== undefined) return { kind: 'acts-after', reason: types.length > 20 ? 'the condition is about events other than exec; only execs are decided before they happen' : `${notExec} is no exec; only execs are decided before they happen` };
  try {
    const entries = alternatives(rule.condition, false).map(entryOf).flat();
    return { kind: 'prevents', entries };
  } catch (error) {
    if (error instanceof Undecidable) return { kind: 'acts-after', reason: error.message };
    throw error;
  }
}

class Undecidable extends Error {}

type Atom = CompareNode | 'true' | 'false';

/** Disjunctive form with constants taken out: a list of alternatives, each a list of checks that must all hold. */
function alternatives(node: ConditionNode, negated: boolean): readonly (readonly CompareNode[])[] {
  if (node.kind === 'expanded') return alternatives(node.body, negated);
  if (node.kind === 'not') return alternatives(node.child, !negated);
  if (node.kind === 'and' || node.kind === 'or') {
    const parts = node.children.map((child) => alternatives(child, negated));
    if ((node.kind === 'or') !== negated) return limited(parts.flat());
    return parts.reduce((left, right) => limited(left.flatMap((a) => right.map((b) => [...a, ...b]))), [[]]);
  }
  const atom = constant(node);
  if (atom === 'true' || atom === 'false') return (atom === 'true') === negated ? [] : [[]];
  const isExec = eventTypeNames(atom)?.names.some((name) => execTypes.has(name)) === true;
  const isHost = isContainerCheck(atom);
  if (negated && isHost !== undefined) return [[{ ...atom, operator: isHost ? '=' : '!=' }]];
  if (negated || (!isExec && kernelCheck(atom) === undefined && isHost === undefined)) {
    throw new Undecidable(`"${negated ? 'not ' : ''}${printCondition(atom)}" is not among what the kernel side decides`);
  }
  return [[atom]];
}

function limited<T>(list: readonly T[]): readonly T[] {
  if (list.length > maxAlternatives) throw new Undecidable(`more than ${maxAlternatives} alternatives`);
  return list;
}

function constant(node: ConditionNode): Atom {
  if (node.kind !== 'compare') throw new Undecidable(`"${printCondition(node)}" is not among what the kernel side decides`);
  if (node.left.kind === 'field') {
    if (node.left.name === 'evt.num' && node.right.kind === 'literal' && node.right.text === '0' && node.operator === '=') return 'false';
    if (node.left.name === 'evt.num' && node.operator === '>=' && node.right.kind === 'literal' && node.right.text === '0') return 'true';
    if (node.left.name === 'evt.dir' && node.right.kind === 'literal' && node.operator === '=') return node.right.text === '<' ? 'true' : 'false';
  }
  if (node.right.kind === 'list' && node.right.items.length === 0) return 'false';
  return node;
}

/** True: "is a container"; false: "is the host"; undefined: another check. */
function isContainerCheck(node: CompareNode): boolean | undefined {
  if (node.left.kind !== 'field' || node.left.name !== 'container.id' || node.right.kind !== 'literal' || node.right.text !== 'host') return undefined;
  return node.operator === '!=' ? true : node.operator === '=' ? false : undefined;
}

type KernelCheck = { readonly what: 'upper' | 'memfd' } | { readonly what: 'path' | 'name' | 'comm'; readonly texts: readonly string[] };

function kernelCheck(node: CompareNode): KernelCheck | undefined {
  const equal = node.operator === '=' || node.operator === '==';
  const texts = node.right.kind === 'list' && node.operator === 'in' ? node.right.items.map((item) => item.text) : node.right.kind === 'literal' && equal ? [node.right.text] : undefined;
  if (texts === undefined) return undefined;
  if (node.left.kind === 'field' && equal && texts[0] === 'true') {
    if (node.left.name === 'proc.is_exe_upper_layer') return { what: 'upper' };
    if (node.left.name === 'proc.is_exe_from_memfd') return { what: 'memfd' };
  }
  if (node.left.kind === 'field' && node.left.name === 'proc.exepath') return { what: 'path', texts };
  if (node.left.kind === 'field' && node.left.name === 'proc.name') return { what: 'comm', texts };
  const basename = node.left.kind === 'transform' && node.left.name === 'basename' ? node.left.args[0] : undefined;
  return basename?.kind === 'field' && basename.name === 'proc.exepath' ? { what: 'name', texts } : undefined;
}

function entryOf(checks: readonly CompareNode[]): readonly DenyEntry[] {
  const decided = checks.map(kernelCheck).filter((check) => check !== undefined);
  const places = checks.map(isContainerCheck).filter((place) => place !== undefined);
  if (places.includes(false)) throw new Undecidable('the deny maps know "everywhere" and "in containers", not "on the host only"');
  const containers = places.includes(true);
  const [only] = decided;
  if (only === undefined) throw new Undecidable('it would deny every exec');
  if (decided.length > 1) throw new Undecidable('two checks of the executed file at once; an entry of the deny maps holds one');
  if (!('texts' in only)) {
    if (!containers) throw new Undecidable('layers and memory files are denied per container: the condition must say "container"');
    return [{ op: 'denyContainer', text: '', [only.what]: true }];
  }
  return only.texts.map((text): DenyEntry => {
    const limit = longest[only.what];
    if (Buffer.byteLength(text) >= limit) throw new Undecidable(`"${text}" is longer than the ${limit - 1} bytes of the deny map`);
    return { op: ops[only.what], text, ...(containers ? { containers: true } : {}) };
  });
}

import { lowerAscii } from '../bytes.ts';
import { collections } from '../engine/collections.ts';
import { scalars } from '../engine/scalars.ts';
import { xmlValues } from '../engine/values.ts';
import type { Named, Transaction } from '../engine/transaction.ts';
import type { Rule } from '../seclang/rule.ts';
import type { Target } from '../seclang/targets.ts';

/** A text made of a value, with what one scan of it showed. */
export type Text = { readonly text: string; scanned: boolean; low: number; high: number; top: number; owners: readonly number[]; lower: string | undefined };
/** The text of a value at a node of the steps. Few values need more than one, so they hang on each other. */
type Made = { readonly node: number; readonly text: Text; readonly before: Made | undefined };
/** One value of a request, with its texts at nodes where it was needed. */
export type Record = { readonly base: number; readonly key: string; /** The key in lower case, once it was asked for. */ folded: string | undefined; /** Place of the key among those that rules ask for, or -1. */ readonly place: number; readonly first: Text; made: Made | undefined };

/** A list of values that several rules look at. Fixed ones keep their values over the phases. */
export type Base = { readonly index: number; readonly name: string; readonly fixed: boolean; /** Keys that rules ask for, each with its place. */ readonly selectors: Map<string, number>; read(tx: Transaction): Record[] };

/** Variables that change while a phase runs. */
const moving = new Set(['TX', 'MSC_PCRE_LIMITS_EXCEEDED', 'MATCHED_VAR', 'MATCHED_VAR_NAME', 'MATCHED_VARS', 'MATCHED_VARS_NAMES', 'GLOBAL', 'IP', 'RESOURCE', 'SESSION', 'SESSIONID', 'USER', 'USERID', 'RULE', 'ENV', 'DURATION', 'HIGHEST_SEVERITY', 'GEO', 'REQBODY_PROCESSOR']);
export const isMoving = (target: Target): boolean => moving.has(target.variable);

/** Known once the head of the request is: read in phase 1, still true in phase 2. */
const fixed = new Set(['ARGS_GET', 'ARGS_GET_NAMES', 'QUERY_STRING', 'REMOTE_ADDR', 'REMOTE_HOST', 'REMOTE_PORT', 'REQUEST_BASENAME', 'REQUEST_COOKIES', 'REQUEST_COOKIES_NAMES', 'REQUEST_FILENAME', 'REQUEST_HEADERS', 'REQUEST_HEADERS_NAMES', 'REQUEST_LINE', 'REQUEST_METHOD', 'REQUEST_PROTOCOL', 'REQUEST_URI', 'REQUEST_URI_RAW', 'SERVER_ADDR', 'SERVER_NAME', 'SERVER_PORT', 'UNIQUE_ID']);

export const newText = (text: string): Text => ({ text, scanned: false, low: 0, high: 0, top: 0, owners: none, lower: undefined });
/** The key in lower case, as selectors are compared. */
export const foldedKey = (record: Record): string => (record.folded ??= lowerAscii(record.key));
const none: readonly number[] = [];
const noRule = {} as Rule; // no list that has a base reads the rule

function reader(index: number, target: Target, variable: string, selectors: ReadonlyMap<string, number>): Base['read'] {
  const record = (key: string, value: string): Record => {
    if (selectors.size === 0) return { base: index, key, folded: undefined, place: -1, first: newText(value), made: undefined };
    const folded = lowerAscii(key);
    return { base: index, key, folded, place: selectors.get(folded) ?? -1, first: newText(value), made: undefined };
  };
  if (variable === 'XML') return (tx) => xmlValues(tx, target).map((value) => record(target.selector ?? '', value));
  const list = collections[variable];
  if (list === undefined) {
    const scalar = scalars[variable]!;
    return (tx) => {
      const value = scalar(tx);
      return value === undefined ? [] : [record('', value)];
    };
  }
  return (tx) => list(tx, noRule).map(({ name, value }: Named) => record(name, value));
}

/** The bases of a rule set, made as targets ask for them. */
export type Bases = { readonly all: Base[]; of(target: Target): readonly number[]; /** The place of a key among those that rules ask a base for. */ select(base: number, key: string): number };

export function newBases(): Bases {
  const all: Base[] = [];
  const byName = new Map<string, number>();
  const base = (name: string, target: Target): number => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const index = all.length;
    const selectors = new Map<string, number>();
    all.push({ index, name, fixed: fixed.has(name), selectors, read: reader(index, target, name.startsWith('XML:') || name === 'XML' ? 'XML' : name, selectors) });
    byName.set(name, index);
    return index;
  };
  return {
    all,
    select(index, key) {
      const { selectors } = all[index]!;
      const place = selectors.get(key) ?? selectors.size;
      selectors.set(key, place);
      return place;
    },
    of(target) {
      switch (target.variable) {
        case 'ARGS': return [base('ARGS_GET', target), base('ARGS_POST', target)];
        case 'ARGS_NAMES': return [base('ARGS_GET_NAMES', target), base('ARGS_POST_NAMES', target)];
        case 'XML': return [base(target.selector === undefined ? 'XML' : `XML:${target.selector}\n${target.spaces ?? ''}`, target)];
        default: return [base(target.variable, target)];
      }
    },
  };
}

import { networkMatcher } from './address.ts';
import type { FieldType } from '../fields/field.ts';
import { pathPrefixes } from './path-prefixes.ts';
import { textTest } from './text-test.ts';

export type ScalarTest = (value: string | number | boolean) => boolean;

const textOperators = new Set(['=', '==', '!=', 'contains', 'icontains', 'startswith', 'endswith', 'glob', 'iglob', 'regex', 'pmatch', 'bcontains', 'bstartswith']);
const byteOperators = new Set(['=', '==', '!=', 'contains', 'startswith', 'endswith', 'bcontains', 'bstartswith']);

/** The test of one value against one literal. Throws with the reason when operator, type and literal don't fit. */
export function scalarTest(operator: string, type: FieldType, literal: string): ScalarTest {
  switch (type) {
    case 'string':
      if (!textOperators.has(operator)) throw new Error(`operator "${operator}" does not fit a text field`);
      return textTest(operator, literal) as ScalarTest;
    case 'bytes':
      if (!byteOperators.has(operator)) throw new Error(`operator "${operator}" does not fit a field of bytes`);
      return textTest(operator, literal) as ScalarTest;
    case 'number':
      return numberTest(operator, literal) as ScalarTest;
    case 'boolean':
      return booleanTest(operator, literal);
    case 'ip':
    case 'net':
      return equality(operator, networkMatcher([literal]) as ScalarTest);
    case 'host':
      throw new Error('a host name is compared with =, != or in');
  }
}

function equality(operator: string, matches: ScalarTest): ScalarTest {
  if (operator === '=' || operator === '==') return matches;
  if (operator === '!=') return (value) => !matches(value);
  throw new Error(`operator "${operator}" does not fit an address`);
}

function booleanTest(operator: string, literal: string): ScalarTest {
  if (literal !== 'true' && literal !== 'false') throw new Error(`a yes-or-no field is compared with true or false, not "${literal}"`);
  const wanted = literal === 'true';
  if (operator === '=' || operator === '==') return (value) => value === wanted;
  if (operator === '!=') return (value) => value !== wanted;
  throw new Error(`operator "${operator}" does not fit a yes-or-no field`);
}

/** Reads a number literal: decimal, with a fraction, or hexadecimal. */
export function parseNumber(literal: string): number {
  const value = /^[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?)$/.test(literal) ? Number(literal) : Number.NaN;
  if (Number.isNaN(value)) throw new Error(`"${literal}" is no number`);
  return value;
}

function numberTest(operator: string, literal: string): (value: number) => boolean {
  const wanted = parseNumber(literal);
  switch (operator) {
    case '=':
    case '==':
      return (value) => value === wanted;
    case '!=':
      return (value) => value !== wanted;
    case '<':
      return (value) => value < wanted;
    case '<=':
      return (value) => value <= wanted;
    case '>':
      return (value) => value > wanted;
    case '>=':
      return (value) => value >= wanted;
    case 'contains':
      // Flags in their raw form: is the bit set?
      return (value) => (value & wanted) !== 0;
    default:
      throw new Error(`operator "${operator}" does not fit a number`);
  }
}

/** The test of one value against a list: is it among them (in, intersects), or below one of them (pmatch)? */
export function memberTest(operator: string, type: FieldType, literals: readonly string[]): ScalarTest {
  if (operator === 'pmatch') {
    if (type !== 'string') throw new Error('pmatch compares paths');
    return pathPrefixes(literals) as ScalarTest;
  }
  if (type === 'string' || type === 'bytes') {
    const set = new Set<unknown>(literals);
    return (value) => set.has(value);
  }
  if (type === 'number') {
    const set = new Set<unknown>(literals.map(parseNumber));
    return (value) => set.has(value);
  }
  if (type === 'ip' || type === 'net') return networkMatcher(literals) as ScalarTest;
  const tests = literals.map((literal) => scalarTest('=', type, literal));
  return (value) => tests.some((test) => test(value));
}

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson } from '../src/body/json.ts';
import { fromUtf8 } from '../src/bytes.ts';

const limits = { depth: 50, leaves: 10_000 };
const read = (text: string) => parseJson(fromUtf8(text), limits);

/** The same leaves from what JSON.parse made of the text. */
function leavesOf(value: unknown, path = 'json'): { name: string; value: string }[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => leavesOf(one, `${path}.array_${index}`));
  if (value !== null && typeof value === 'object') return Object.entries(value).flatMap(([key, one]) => leavesOf(one, `${path}.${fromUtf8(key)}`));
  return [{ name: path, value: value === null ? '' : typeof value === 'string' ? fromUtf8(value) : JSON.stringify(value) }];
}

it('looks at every value of a name that comes twice', () => {
  expect(read('{"id":"1 or 1=1","a":{"b":1,"b":[2]},"id":"1"}').parameters).toEqual([
    { name: 'json.id', value: '1 or 1=1' }, { name: 'json.a.b', value: '1' }, { name: 'json.a.b.array_0', value: '2' }, { name: 'json.id', value: '1' },
  ]);
});

it('keeps numbers as written and the leaves before an error', () => {
  expect(read('[12345678901234567890, 1.0e400]').parameters.map((one) => one.value)).toEqual(['12345678901234567890', '1.0e400']);
  expect(read('{"a":"<script>","b":')).toEqual({ parameters: [{ name: 'json.a', value: '<script>' }], error: 'JSON parsing error: the text ends too early' });
  expect(parseJson('{"a":"\xff"}', limits).error).toBe('JSON parsing error: bytes that are not UTF-8');
});

it('stops at its limits', () => {
  expect(parseJson('[1,2,3]', { depth: 5, leaves: 2 })).toMatchObject({ error: 'JSON parsing error: more arguments than the limit', parameters: { length: 2 } });
  expect(parseJson('['.repeat(100_000), { depth: 20, leaves: 2 }).error).toBe('JSON parsing error: nesting deeper than the limit');
});

it('reads values as JSON.parse does', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), fc.constantFrom(undefined, 1), (value, indent) => {
    const text = JSON.stringify(value, undefined, indent);
    const plain = JSON.parse(text) as unknown;
    const numbers = (leaves: readonly { name: string; value: string }[]) => leaves.map((one) => `${one.name}=${one.value !== '' && Number.isFinite(Number(one.value)) ? Number(one.value) : one.value}`).sort();
    const got = read(text);
    expect(got.error).toBeUndefined();
    expect(numbers(got.parameters)).toEqual(numbers(leavesOf(plain)));
  }), { numRuns: 300 });
});

it('takes and refuses what JSON.parse does', () => {
  const piece = fc.oneof(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '\\u00', '\\ud83d', '\\ude00', 'true', 'null', '-', '0', '01', '1.', 'e5', ' ', '\n', '\t', '\u0001', '"a"', '"a":', 'é'), fc.string({ maxLength: 3 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
    const text = Buffer.from(pieces.join(''), 'utf8').toString('utf8');
    let valid = true;
    try {
      JSON.parse(text);
    } catch {
      valid = false;
    }
    expect(read(text).error === undefined).toBe(valid);
  }), { numRuns: 2000 });
});

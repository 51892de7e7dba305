import { expect, it } from 'vitest';
import { covers } from '../src/scope.ts';

it('the empty scope covers everything', () => {
  expect(covers({}, { cluster: 'a', namespace: 'b' })).toBe(true);
});

it('a cluster covers its namespaces and no other cluster', () => {
  expect(covers({ cluster: 'a' }, { cluster: 'a', namespace: 'b' })).toBe(true);
  expect(covers({ cluster: 'a' }, { cluster: 'b', namespace: 'b' })).toBe(false);
});

it('a namespace does not cover its cluster', () => {
  expect(covers({ cluster: 'a', namespace: 'b' }, { cluster: 'a' })).toBe(false);
});

import { expect, it } from 'vitest';
import { modeByRoute } from '../src/inspection/route-mode.ts';

it('takes the mode of the first route that fits', () => {
  const mode = modeByRoute('block', [{ path: '/api/*', methods: ['GET'], mode: 'detect' }, { path: '/health', mode: 'off' }]);
  expect([mode('GET', '/api/x/y'), mode('POST', '/api/x'), mode('GET', '/health'), mode('GET', '/healthy')]).toEqual(['detect', 'block', 'off', 'block']);
  expect(modeByRoute('off', [])('GET', '/')).toBe('off');
});

import { expect, it } from 'vitest';
import { refusal } from '../src/allow.ts';

const id = 'a'.repeat(64);

it('lets the listed reads pass, with and without an API version', () => {
  for (const path of ['/version', '/v1.41/version', '/images/json?all=true', `/containers/${id}/json`, '/images/library%2Fdebian%3A12/json', '/events?filters=%7B%7D', `/images/sha256:${id}/get`]) {
    expect(refusal('GET', path), path).toBeUndefined();
  }
});

it('lets four actions on a container named in full pass', () => {
  for (const action of ['pause', 'unpause', 'stop', 'kill']) expect(refusal('POST', `/containers/${id}/${action}`)).toBeUndefined();
  expect(refusal('POST', `/containers/${id}/kill?signal=KILL`)).toBeUndefined();
});

it('refuses everything else', () => {
  const refused: [string, string][] = [
    ['POST', '/containers/create'],
    ['POST', `/containers/${id}/exec`],
    ['POST', '/containers/web/kill'],
    ['POST', `/containers/${id}/kill?path=/etc`],
    ['GET', `/containers/${id}/archive?path=/etc/shadow`],
    ['GET', `/containers/${id}/export`],
    ['GET', '/secrets'],
    ['DELETE', `/containers/${id}`],
    ['GET', '/images/../containers/json'],
    ['GET', '/images/%2e%2e/json'],
    ['GET', '//images/json'],
    ['POST', '/v1.41/build'],
    ['GET', 'http://elsewhere/images/json'],
  ];
  for (const [method, path] of refused) expect(refusal(method, path), `${method} ${path}`).toBeDefined();
});

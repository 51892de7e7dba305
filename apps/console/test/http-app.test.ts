import { expect, it } from 'vitest';
import { z } from 'zod';
import { pino } from 'pino';
import type { Context } from '../src/context.ts';
import { createApp } from '../src/http/app.ts';
import type { App, HttpLimits } from '../src/http/app.ts';
import { readSettings } from '../src/settings.ts';

async function app(limits?: HttpLimits, publicUrl = 'http://127.0.0.1'): Promise<App> {
  const context = { log: pino({ level: 'silent' }), version: 'test', publicUrl, db: undefined } as unknown as Context;
  const made = await createApp(context, limits);
  made.get('/healthz', { config: { permission: 'public' } }, async () => ({}));
  made.get('/api/v1/address', { config: { permission: 'public' } }, async (request) => ({ ip: request.ip }));
  made.post('/api/v1/thing', { config: { permission: 'public' }, schema: { body: z.object({ text: z.string() }) } }, async () => ({}));
  return made;
}

it('sends the security headers with every answer, refusals too', async () => {
  const made = await app(undefined, 'https://console.example');
  for (const answer of [await made.inject('/api/v1/address'), await made.inject('/nowhere'), await made.inject({ method: 'POST', url: '/api/v1/thing', payload: '{' , headers: { 'content-type': 'application/json' } })]) {
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin', 'strict-transport-security': 'max-age=31536000' });
    expect(answer.headers['content-security-policy']).toContain("default-src 'self'");
    expect(answer.headers['content-security-policy']).not.toContain("script-src 'unsafe");
  }
  expect((await made.inject('/api/v1/address')).headers['cache-control']).toBe('no-store');
  expect((await (await app()).inject('/healthz')).headers['strict-transport-security']).toBeUndefined();
});

it('refuses a flood from one address with a problem that says so; probes and others go on', async () => {
  const made = await app({ requestsPerMinute: 3, trustedProxies: ['10.0.0.0/8'] });
  const from = (client: string) => made.inject({ url: '/api/v1/address', remoteAddress: '10.0.0.1', headers: { 'x-forwarded-for': client } });
  for (let n = 0; n < 3; n += 1) expect((await from('192.0.2.1')).statusCode).toBe(200);
  const refused = await from('192.0.2.1');
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: 'too-many-requests', status: 429, retryable: true });
  expect((await from('192.0.2.2')).json()).toEqual({ ip: '192.0.2.2' });
  for (let n = 0; n < 9; n += 1) expect((await made.inject('/healthz')).statusCode).toBe(200);
});

it('believes no stranger about an address', async () => {
  const made = await app({ requestsPerMinute: 0, trustedProxies: ['10.0.0.0/8'] });
  expect((await made.inject({ url: '/api/v1/address', remoteAddress: '192.0.2.9', headers: { 'x-forwarded-for': '192.0.2.1' } })).json()).toEqual({ ip: '192.0.2.9' });
});

it('refuses bodies beyond the limit', async () => {
  const answer = await (await app()).inject({ method: 'POST', url: '/api/v1/thing', payload: { text: 'x'.repeat(3 << 20) } });
  expect(answer.statusCode).toBe(413);
  expect(answer.json()).toMatchObject({ code: 'too-large' });
});

it('names the setting that does not fit', () => {
  expect(() => readSettings({ PALISADE_RATE_LIMIT: 'many' })).toThrow(/PALISADE_RATE_LIMIT/);
  expect(() => readSettings({ PALISADE_TRUSTED_PROXIES: '10.0.0.0/99' })).toThrow(/10\.0\.0\.0\/99/);
  expect(() => readSettings({ PALISADE_TRUSTED_PROXIES: 'proxy.example' })).toThrow(/PALISADE_TRUSTED_PROXIES/);
  expect(() => readSettings({ PALISADE_DATABASE_URL: 'postgres://x' })).toThrow(/PALISADE_SECRET/);
  expect(readSettings({ PALISADE_TRUSTED_PROXIES: '10.0.0.0/8, ::1' }).trustedProxies).toEqual(['10.0.0.0/8', '::1']);
});

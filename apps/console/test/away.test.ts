import { expect, it } from 'vitest';
import { whileAway } from '../src/postgres/away.ts';

const away = (): Error => new Error('Connection terminated due to connection timeout');

it('does a step of the start again while the database is away, and says so now and then', async () => {
  const told: string[] = [];
  let tries = 0;
  const answer = await whileAway(() => ((tries += 1) < 30 ? Promise.reject(Object.assign(new Error('refused'), { code: tries % 2 === 0 ? '57P03' : 'ECONNREFUSED' })) : Promise.resolve('there')), (error) => void told.push(error.message), () => Promise.resolve());
  expect([answer, tries, told.length]).toEqual(['there', 30, 2]);
});

it('gives up when it stays away, and at once when the database refuses', async () => {
  let waits = 0;
  await expect(whileAway(() => Promise.reject(away()), () => undefined, () => Promise.resolve((waits += 1)))).rejects.toThrow('Connection terminated');
  expect(waits).toBe(480);
  let tries = 0;
  await expect(whileAway(() => ((tries += 1), Promise.reject(Object.assign(new Error('syntax'), { code: '42601' }))), () => undefined)).rejects.toThrow('syntax');
  expect(tries).toBe(1);
});

import { expect, it } from 'vitest';
import { GatePolicy } from '../src/gate-policy.ts';
import { Waiver } from '../src/waiver.ts';

const policy = {
  apiVersion: 'palisade/v1',
  kind: 'GatePolicy',
  metadata: { name: 'balanced', scope: {}, owner: 'git' },
  spec: { mode: 'enforce', rules: [{ id: 'a', when: 'true', then: 'deny' }] },
};

it('fills the defaults of a gate policy', () => {
  expect(GatePolicy.parse(policy).spec).toMatchObject({ onUnknown: 'warn', onPartial: 'warn', content: 'any' });
});

it('refuses a misspelt field instead of ignoring it', () => {
  const result = GatePolicy.safeParse({ ...policy, spec: { ...policy.spec, onUnkown: 'deny' } });
  expect(result.success).toBe(false);
});

it('takes a waiver with either end', () => {
  const waiver = {
    apiVersion: 'palisade/v1',
    kind: 'Waiver',
    metadata: { name: 'lodash-proto', scope: { project: 'shop' }, owner: 'console' },
    spec: { target: 'vulnerability', match: { rule: 'CVE-2020-8203' }, where: { image: 'shop/*' }, reason: 'not reachable', until: { date: '2027-01-31' } },
  };
  expect(Waiver.safeParse(waiver).success).toBe(true);
  expect(Waiver.safeParse({ ...waiver, spec: { ...waiver.spec, until: { fixAvailable: true } } }).success).toBe(true);
  expect(Waiver.safeParse({ ...waiver, spec: { ...waiver.spec, until: { date: 'tomorrow' } } }).success).toBe(false);
});

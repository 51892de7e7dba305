import { describe, expect, it } from 'vitest';
import type { Finding } from '@palisade/model/finding';
import { prioritise } from '../src/priority/prioritise.ts';
import { weights } from '../src/priority/weights.ts';
import { bestOf, rate, severityOfLabel, severityOfScore } from '../src/severity.ts';

const base: Omit<Finding, 'priority'> = { id: 'fnd_x', kind: 'vulnerability', rule: 'CVE-2020-0001', severity: 'critical', answer: 'affected', title: { en: 'x', 'zh-CN': 'x' }, references: [] };

describe('CVSS', () => {
  // From FIRST's own examples and NVD's published scores.
  it.each([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
    ['CVSS:3.0/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N', 5.4],
    ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N', 5.5],
    ['CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N', 0],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 10],
    ['CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.3],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 7.5],
  ])('rates %s as %d', (vector, score) => {
    expect(rate(vector)?.score).toBe(score);
  });
  it('does not rate what is no complete vector', () => {
    for (const vector of ['', 'CVSS:3.1/AV:N', 'CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'high', 'CVSS:9.9/AV:N', 'x'.repeat(10_000)]) expect(rate(vector)).toBeUndefined();
  });
  it('prefers the newer standard', () => {
    expect(bestOf(['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 'CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N'])?.score).toBe(7.3);
  });
  it('follows the qualitative scale', () => {
    expect([10, 9, 8.9, 7, 6.9, 4, 3.9, 0].map(severityOfScore)).toEqual(['critical', 'critical', 'high', 'high', 'medium', 'medium', 'low', 'low']);
    expect(['Important', 'MODERATE', 'high**', 'not yet assigned', 3, 'constructor'].map(severityOfLabel)).toEqual(['high', 'medium', 'high', undefined, undefined, undefined]);
  });
});

describe('priority', () => {
  it('has weights that add up to 100', () => {
    expect(Object.values(weights).reduce((a, b) => a + b, 0)).toBe(100);
    const most = prioritise({ ...base, cvss: { vector: '', score: 10 }, kev: true, epss: 1, fixed: '1' }, { inBase: false, running: 1, exposed: ['tcp/80'], privileged: true });
    expect(most.score).toBe(100);
  });
  it('is the sum of its parts, each explained in both languages', () => {
    const { score, parts } = prioritise({ ...base, epss: 0.04 }, { running: 0 });
    expect(score).toBe(parts.reduce((sum, part) => sum + part.value, 0));
    for (const part of parts) expect([part.why.en, part.why['zh-CN']].every((why) => why.length > 0)).toBe(true);
  });
  it('puts an exploited medium above an idle critical, and running above shelved', () => {
    const exploited = prioritise({ ...base, severity: 'medium', cvss: { vector: '', score: 5.5 }, kev: true, epss: 0.3 }, {}).score;
    const idle = prioritise({ ...base, cvss: { vector: '', score: 9.8 }, epss: 0.001 }, {}).score;
    expect(exploited).toBeGreaterThan(idle);
    expect(prioritise(base, { running: 2 }).score).toBeGreaterThan(prioritise(base, { running: 0 }).score);
  });
  it('lowers what a later layer deleted, and never leaves 0 to 100', () => {
    const whole = prioritise(base, {}).score;
    const removed = prioritise({ ...base, removed: 'sha256:x' }, {}).score;
    expect(removed).toBeLessThan(whole);
    expect(removed).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { PalisadeError } from '@palisade/model/error';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Finding } from '@palisade/model/finding';
import { compileGatePolicy, failOnPolicy } from '../src/policy/compile.ts';
import { evaluate } from '../src/policy/evaluate.ts';
import { compileWaivers } from '../src/waiver/compile.ts';
import { fuzz } from '../../../test/fuzz.ts';

const now = Date.parse('2026-11-24T00:00:00Z');

function finding(part: Partial<Finding>): Finding {
  return { id: 'fnd_1', kind: 'vulnerability', rule: 'CVE-2020-8203', severity: 'critical', answer: 'affected', priority: { score: 1, parts: [] }, title: { en: 't', 'zh-CN': 't' }, references: [], ...part };
}

function scan(findings: Finding[], part: Partial<ScanResult> = {}): ScanResult {
  return {
    schema: 'palisade.scan/1', target: { kind: 'docker', ref: 'shop/api:1.2' }, status: 'complete', content: 'verified', gaps: [],
    feed: { id: 'f', built: '2026-11-20T00:00:00Z', age: 4 * 86_400, sources: [] }, image: null,
    packages: [{ purl: 'pkg:deb/debian/openssl@3.0.9-1?arch=amd64', name: 'openssl', version: '3.0.9-1', ecosystem: 'Debian:12', paths: [] }],
    findings, verdict: { result: 'none', reasons: [], waived: [] }, ...part,
  };
}

function policy(rules: string, spec = ''): string {
  return `apiVersion: palisade/v1\nkind: GatePolicy\nmetadata: {name: p, scope: {}, owner: git}\nspec:\n  mode: enforce\n${spec}  rules:\n${rules}`;
}

const fixable = policy('    - id: fixable\n      when: finding.severity == "critical" && finding.fixed != ""\n      then: deny\n');

function failure(run: () => unknown): PalisadeError {
  try {
    run();
  } catch (error) {
    if (error instanceof PalisadeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('gate policy', () => {
  it('denies what a rule names and gives the finding', () => {
    const verdict = evaluate({ scan: scan([finding({ fixed: '2' })]), policies: [compileGatePolicy(fixable)], now });
    expect(verdict.result).toBe('deny');
    expect(verdict.reasons).toEqual([{ policy: 'p', rule: 'fixable', result: 'deny', findings: ['fnd_1'] }]);
    expect(evaluate({ scan: scan([finding({})]), policies: [compileGatePolicy(fixable)], now }).result).toBe('allow');
    expect(evaluate({ scan: scan([finding({})]), policies: [], now }).result).toBe('none');
  });

  it('compares versions by their scheme and ages by the clock', () => {
    const old = compileGatePolicy(policy('    - id: old\n      when: finding.package.name == "openssl" && versionLess("deb", finding.package.version, "3.0.11-1~deb12u2")\n      then: deny\n'));
    expect(evaluate({ scan: scan([finding({ package: 'pkg:deb/debian/openssl@3.0.9-1?arch=amd64' })]), policies: [old], now }).result).toBe('deny');
    const stale = compileGatePolicy(policy('    - id: stale\n      when: age(image.created) > duration("720h")\n      then: deny\n'), { now: () => now });
    const image = { id: 'i', platform: 'linux/amd64', created: '2026-01-01T00:00:00Z', layers: [] };
    expect(evaluate({ scan: scan([], { image }), policies: [stale], now }).result).toBe('deny');
    expect(evaluate({ scan: scan([], { image: { ...image, created: '2026-11-23T00:00:00Z' } }), policies: [stale], now }).result).toBe('allow');
    const unknown = evaluate({ scan: scan([], { image: { ...image, created: null } }), policies: [stale], now });
    expect(unknown.result).toBe('warn');
    expect(unknown.reasons[0]?.because?.en).toContain('could not be decided');
  });

  it('lets the first matching rule decide, so an exception stands above its rule', () => {
    const text = policy('    - {id: except, when: finding.rule == "CVE-2020-8203", then: allow}\n    - {id: all, when: finding.severity == "critical", then: deny}\n');
    expect(evaluate({ scan: scan([finding({})]), policies: [compileGatePolicy(text)], now }).result).toBe('allow');
  });

  it('counts a failing rule as unknown, never as allow', () => {
    const text = policy('    - {id: bad, when: finding.cvss.nothing > 3, then: deny}\n', '  onUnknown: deny\n');
    expect(evaluate({ scan: scan([finding({})]), policies: [compileGatePolicy(text)], now }).result).toBe('deny');
  });

  it('has standing conditions: unknown packages, partial scans, feed age, verified content', () => {
    const text = policy('    []\n'.replace('    ', '    '), '  onUnknown: deny\n  onPartial: deny\n  maxFeedAge: 3d\n  content: verified\n');
    const compiled = compileGatePolicy(text);
    const rules = (part: Partial<ScanResult>, findings: Finding[] = []): string[] => evaluate({ scan: scan(findings, part), policies: [compiled], now }).reasons.map((reason) => reason.rule);
    expect(rules({})).toEqual(['maxFeedAge']);
    expect(rules({ feed: null })).toEqual(['maxFeedAge']);
    const fresh = { id: 'f', built: '', age: 60, sources: [] };
    expect(rules({ feed: fresh })).toEqual([]);
    expect(rules({ feed: fresh, status: 'partial', content: 'headers' })).toEqual(['onPartial', 'content']);
    expect(rules({ feed: fresh }, [finding({ answer: 'unknown', reason: 'no feed covers debian:12' })])).toEqual(['onUnknown']);
  });

  it('monitors without consequence and warns instead of denying', () => {
    for (const [mode, result] of [['monitor', 'allow'], ['warn', 'warn'], ['enforce', 'deny']] as const) {
      const verdict = evaluate({ scan: scan([finding({ fixed: '1' })]), policies: [compileGatePolicy(fixable.replace('enforce', mode))], now });
      expect([verdict.result, verdict.reasons.length]).toEqual([result, 1]);
    }
  });

  it('refuses what does not compile, with rule, line and column', () => {
    const error = failure(() => compileGatePolicy(policy('    - id: broken\n      when: finding.severity = "high"\n      then: deny\n'), { file: 'gate.yaml' }));
    expect(error.detail).toMatchObject({ file: 'gate.yaml', line: 8, column: 30, rule: 'broken' });
    expect(failure(() => compileGatePolicy(policy('    - {id: a, when: finding.severty == "high", then: deny}\n'))).message).toContain('no field "severty"');
    expect(failure(() => compileGatePolicy(policy('    - {id: a, when: nope(1), then: deny}\n'))).message).toContain('unknown function');
    expect(failure(() => compileGatePolicy(policy('    - {id: a, when: x.y, then: deny}\n'))).message).toContain('unknown variable');
    const block = failure(() => compileGatePolicy(policy('    - id: block\n      when: |\n        finding.kind == "secret"\n          && findin.x\n      then: deny\n')));
    expect(block.detail['line']).toBe(10);
    expect(failure(() => compileGatePolicy(`${fixable}  typo: 1\n`)).message).toMatch(/:10:\d+: spec\.typo/);
  });

  it('fails on a severity or worse', () => {
    const compiled = failOnPolicy('high');
    expect(evaluate({ scan: scan([finding({ severity: 'critical' })]), policies: [compiled], now }).result).toBe('deny');
    expect(evaluate({ scan: scan([finding({ severity: 'medium' })]), policies: [compiled], now }).result).toBe('allow');
  });

  it('answers any text with a policy or an error of its own', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.constant(fixable).chain((text) => fc.tuple(fc.nat(text.length), fc.string()).map(([at, junk]) => text.slice(0, at) + junk + text.slice(at + junk.length)))), (text) => {
      try {
        compileGatePolicy(text);
      } catch (error) {
        expect(error).toBeInstanceOf(PalisadeError);
      }
    }), fuzz(200));
    expect(failure(() => compileGatePolicy('['.repeat(100_000)))).toBeInstanceOf(PalisadeError);
    expect(failure(() => compileGatePolicy('- '.repeat(100_000)))).toBeInstanceOf(PalisadeError);
  });
});

describe('waivers', () => {
  const waiver = (spec: string): string => `apiVersion: palisade/v1\nkind: Waiver\nmetadata: {name: w, scope: {project: shop}, owner: console}\nspec: ${spec}\n`;
  const ask = (text: string, part: Partial<Finding>): ReturnType<typeof evaluate> =>
    evaluate({ scan: scan([finding({ fixed: '', package: 'pkg:npm/%40acme/lodash@4.17.15', path: 'app/x.js', ...part })]), policies: [failOnPolicy('high')], waivers: compileWaivers(text, { file: 'w.yaml' }), now });

  it('sets the named finding aside and says so', () => {
    const verdict = ask(waiver('{target: vulnerability, match: {rule: CVE-2020-8203, package: "pkg:npm/@acme/lodash"}, where: {image: "shop/*"}, reason: not reachable, until: {date: 2027-01-31}}'), {});
    expect(verdict).toMatchObject({ result: 'allow', waived: [{ finding: 'fnd_1', waiver: 'w', reason: 'not reachable', until: '2027-01-31' }] });
    expect(verdict.unusedWaivers).toBeUndefined();
  });

  it('matches versions, aliases and paths', () => {
    const result = (match: string): string => ask(waiver(`{target: vulnerability, match: ${match}, reason: r}`), { aliases: ['GHSA-p6mc-m468-83gw'] }).result;
    expect(result('{package: "pkg:npm/%40acme/lodash@4.17.15"}')).toBe('allow');
    expect(result('{package: "pkg:npm/@acme/lodash@4.17.16"}')).toBe('deny');
    expect(result('{rule: "GHSA-*"}')).toBe('allow');
    expect(result('{path: "/app/*.js"}')).toBe('allow');
    expect(result('{path: "app/*.ts"}')).toBe('deny');
  });

  it('reports the expired and the unmatched, and ends when a fix appears', () => {
    expect(ask(waiver('{target: vulnerability, match: {rule: "CVE-*"}, reason: r, until: {date: 2026-11-23}}'), {})).toMatchObject({ result: 'deny', unusedWaivers: [{ state: 'expired' }] });
    expect(ask(waiver('{target: vulnerability, match: {rule: "CVE-*"}, reason: r, until: {date: 2026-11-24}}'), {}).result).toBe('allow');
    expect(ask(waiver('{target: secret, match: {rule: "*"}, reason: r}'), {})).toMatchObject({ result: 'deny', unusedWaivers: [{ state: 'unmatched' }] });
    const untilFix = waiver('{target: vulnerability, match: {rule: "CVE-*"}, reason: r, until: {fixAvailable: true}}');
    expect(ask(untilFix, {}).result).toBe('allow');
    expect(ask(untilFix, { fixed: '4.17.19' })).toMatchObject({ result: 'deny', unusedWaivers: [{ state: 'expired' }] });
    expect(ask(waiver('{target: vulnerability, match: {rule: "*"}, where: {namespace: prod}, reason: r}'), {}).result).toBe('deny');
  });

  it('refuses an empty match and an unknown key, at its place', () => {
    expect(failure(() => compileWaivers(waiver('{target: secret, match: {}, reason: r}'))).message).toContain('waiver of everything');
    expect(failure(() => compileWaivers(`${waiver('{target: secret, match: {rule: a}, reason: r}')}---\n${waiver('{target: secret, match: {rul: a}, reason: r}')}`, { file: 'w.yaml' })).message).toMatch(/^w\.yaml:9:\d+: match has no key "rul"/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toFindings, matchGaps } from '../src/findings.ts';
import { matchWithoutBundle } from '../src/match/without-bundle.ts';
import { intervalHolding, intervalsOf } from '../src/ranges.ts';
import type { RangeEvent } from '../src/record.ts';
import { bundleOf, folderOf, osv, packageOf, ranged } from './kit.ts';

const fixedIn = (ecosystem: string, name: string, fixed: string): unknown => ranged(ecosystem, name, { introduced: '0' }, { fixed });

describe('matching', () => {
  it('answers affected, not affected and unknown, each with its reason', async () => {
    const bundle = await bundleOf(folderOf({ 'a.json': osv('GHSA-1', [fixedIn('npm', 'left', '1.2.0')], { aliases: ['CVE-2020-0001'] }) }), folderOf({ 'b.json': osv('RUSTSEC-1', [fixedIn('crates.io', 'right', '1.0.0')]) }, 'rust-sample'));
    const matches = bundle.match([packageOf('npm', 'left', '1.1.9'), packageOf('npm', 'left', '1.2.0'), packageOf('npm', 'other', '1'), packageOf('npm', 'left', 'not a version'), packageOf('crates.io', 'x', '1.0.0'), packageOf('Maven', 'a:b', '1')]);
    expect(matches.map((match) => [match.answer, match.vulnerabilities.map((one) => one.id)])).toEqual([['affected', ['CVE-2020-0001']], ['not-affected', []], ['not-affected', []], ['unknown', []], ['unknown', []], ['unknown', []]]);
    expect(matches[0]?.vulnerabilities[0]).toMatchObject({ fixed: '1.2.0', fixState: 'fixed', aliases: ['GHSA-1'] });
    expect(matches[3]?.reason).toContain('not a version');
    expect(matches[4]?.reason).toBe('no feed covers crates.io (partial feed: a sample)');
    expect(matches[5]?.reason).toBe('no feed covers maven');
  });

  it('asks the owner of a package that a distribution owns', async () => {
    const bundle = await bundleOf(folderOf({ 'a.json': osv('PYSEC-1', [fixedIn('PyPI', 'requests', '9')]), 'b.json': osv('DEBIAN-CVE-2020-0002', [fixedIn('Debian:12', 'requests', '2.0-2')], { upstream: ['CVE-2020-0002'] }) }));
    const owner = packageOf('Debian:12', 'python3-requests', '2.0-1', { purl: 'pkg:deb/debian/python3-requests@2.0-1', source: { name: 'requests', version: '2.0-1' } });
    const owned = packageOf('PyPI', 'requests', '2.0', { ownedBy: owner.purl });
    const matches = bundle.match([owner, owned]);
    expect(matches.map((match) => [match.answer, match.vulnerabilities.map((one) => one.id)])).toEqual([['affected', ['CVE-2020-0002']], ['affected', []]]);
    expect(toFindings(matches, { bundle }).map((finding) => finding.rule)).toEqual(['CVE-2020-0002']);
    expect(bundle.match([owned])[0]).toMatchObject({ answer: 'unknown', reason: `owned by ${owner.purl}, which is not among the packages` });
  });

  it('joins the names of one vulnerability and takes the fix that satisfies all', async () => {
    const bundle = await bundleOf(
      folderOf({
        'a.json': osv('PYSEC-1', [fixedIn('PyPI', 'Some.Thing', '2.0')], { aliases: ['GHSA-1'] }),
        'b.json': osv('GHSA-1', [fixedIn('PyPI', 'some-thing', '2.10')], { aliases: ['CVE-2020-1111'], severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] }),
        'c.json': osv('GHSA-2', [fixedIn('PyPI', 'some_thing', '3')]),
      }),
    );
    const [match] = bundle.match([packageOf('PyPI', 'SOME_thing', '1.0')]);
    expect(match?.vulnerabilities.map(({ id, aliases, fixed, severity }) => ({ id, aliases, fixed, severity }))).toEqual([
      { id: 'CVE-2020-1111', aliases: ['GHSA-1', 'PYSEC-1'], fixed: '2.10', severity: 'critical' },
      { id: 'GHSA-2', aliases: [], fixed: '3', severity: 'unknown' },
    ]);
  });

  it('splits an erratum into its CVEs and keeps plain and modular builds apart', async () => {
    const bundle = await bundleOf(
      folderOf({
        'a.json': osv('ALSA-2024:1', [fixedIn('AlmaLinux:8', 'nodejs', '1:18.20.2-1.module_el8.9.0+1+aa')], { related: ['CVE-2024-0001', 'CVE-2024-0002'], summary: 'Important: nodejs:18 security update' }),
        'b.json': osv('ALBA-2024:2', [fixedIn('AlmaLinux:8', 'nodejs', '1:99-1')], { summary: 'nodejs bug fix update' }),
      }),
    );
    const [modular, plain, stream] = bundle.match([
      packageOf('AlmaLinux:8', 'nodejs', '1:18.9.1-1.module_el8.7.0+1+bb'),
      packageOf('AlmaLinux:8.9', 'nodejs', '1:10.1-1.el8'),
      packageOf('AlmaLinux:8', 'nodejs', '1:16.9.1-1.module_el8.7.0+1+bb', { purl: 'pkg:rpm/almalinux/nodejs@16?rpmmod=nodejs:16:1:2' }),
    ]);
    expect(modular?.vulnerabilities.map(({ id, aliases, severity }) => [id, aliases, severity])).toEqual([['CVE-2024-0001', ['ALSA-2024:1'], 'high'], ['CVE-2024-0002', ['ALSA-2024:1'], 'high']]);
    // Errata tell of fixes: what is open without one is in none of them.
    const reason = 'partial feed: only issues with an erratum; open ones are not listed';
    expect([plain, stream].map((match) => [match?.answer, match?.reason])).toEqual([['unknown', reason], ['unknown', reason]]);
  });

  it('brings KEV, EPSS and published exploits to the CVE, and they raise its priority', async () => {
    const bundle = await bundleOf(
      folderOf({ 'a.json': osv('GHSA-1', [fixedIn('npm', 'left', '2.0.0')], { aliases: ['CVE-2020-0001'] }), 'b.json': osv('GHSA-2', [fixedIn('npm', 'left', '2.0.0')], { aliases: ['CVE-2020-0002'] }) }),
      folderOf({ 'epss.csv': 'cve,epss,percentile\nCVE-2020-0001,0.25,0.9\n' }, 'epss'),
      folderOf({ 'kev.json': JSON.stringify({ catalogVersion: '1', vulnerabilities: [{ cveID: 'CVE-2020-0001', knownRansomwareCampaignUse: 'Known' }] }) }, 'kev'),
      folderOf({ 'x.csv': 'id,file,description,codes\n1,a,b,CVE-2020-0002\n' }, 'exploits'),
    );
    const findings = toFindings(bundle.match([packageOf('npm', 'left', '1.0.0')]), { bundle });
    const value = (rule: string, part: string): number | undefined => findings.find((finding) => finding.rule === rule)?.priority.parts.find((one) => one.name === part)?.value;
    expect(findings.map((finding) => [finding.rule, finding.kev, finding.epss])).toEqual([['CVE-2020-0001', true, 0.25], ['CVE-2020-0002', false, undefined]]);
    expect([value('CVE-2020-0001', 'kev'), value('CVE-2020-0001', 'epss'), value('CVE-2020-0002', 'exploit'), value('CVE-2020-0002', 'kev')]).toEqual([20, 5, 5, 0]);
  });

  it('finds versions that are named one by one, also where they do not parse', async () => {
    const bundle = await bundleOf(folderOf({ 'a.json': osv('GHSA-1', [{ package: { ecosystem: 'npm', name: 'x' }, versions: ['1.0.0', 'weird version'] }]), 'b.json': osv('MAL-1', [ranged('npm', 'evil', { introduced: '0' })]) }));
    expect(bundle.match([packageOf('npm', 'x', '1.0.0'), packageOf('npm', 'x', 'weird version'), packageOf('npm', 'x', '1.0.1')]).map((match) => match.answer)).toEqual(['affected', 'affected', 'not-affected']);
    expect(bundle.match([packageOf('npm', 'evil', '1.0.0')])[0]?.vulnerabilities[0]?.severity).toBe('critical');
  });

  it('reads what is odd and still valid', async () => {
    const range = (ecosystem: string, name: string, ...events: readonly Readonly<Record<string, string>>[]): unknown => ({ package: { ecosystem, name }, ranges: [{ type: 'SEMVER', events }] });
    const bundle = await bundleOf(
      folderOf({
        'last.json': osv('A-1', [range('npm', 'last', { last_affected: '1.5.0' }, { introduced: '1.0.0' })]),
        'limit.json': osv('A-2', [range('npm', 'limit', { introduced: '0' }, { limit: '1.0.0' }, { limit: '2.0.0' })]),
        'again.json': osv('A-3', [range('npm', 'again', { introduced: '0' }, { limit: '2.0.0' }, { introduced: '3.0.0' })]),
        'two.json': osv('A-4', [{ package: { ecosystem: 'npm', name: 'two' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '1.0.0' }, { fixed: '1.1.0' }] }, { type: 'SEMVER', events: [{ introduced: '2.0.0', fixed: '2.1.0' }] }] }]),
        'gone.json': osv('A-5', [range('npm', 'gone', { introduced: '0' })], { withdrawn: '2025-01-01T00:00:00Z' }),
        'bare.json': JSON.stringify({ id: 'A-6', affected: [range('npm', '@Scope/bare', { introduced: '0' }, { fixed: '2.0.0' })] }),
        'spelt.json': osv('A-7', [{ package: { ecosystem: 'PyPI', name: 'Zope.Interface' }, versions: ['2.0'] }]),
        'number.yaml': 'id: A-8\nmodified: 2025-01-01T00:00:00Z\nwithdrawn: null\naffected:\n- package: {ecosystem: PyPI, name: ten}\n  ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: 0\n    - fixed: 1.10\n',
        'pseudo.json': osv('GO-1', [range('Go', 'example.com/m', { introduced: '0' }, { fixed: '0.0.0-20220314234659-1baeb1ce4c0b' })]),
        'maven.json': osv('A-9', [range('Maven', 'g:a', { introduced: '1.0' }, { fixed: '2.0' })]),
        'all.json': osv('A-10', [range('Debian', 'everywhere', { introduced: '0' }, { fixed: '1.0-2' })]),
        'rocky.json': osv('RLSA-1', [range('Rocky Linux:9', 'bash', { introduced: '0' }, { fixed: '0:5.1.8-9.el9' })], { upstream: ['CVE-2024-0009'] }),
        'alpine.json': osv('A-11', [range('Alpine:v3.18', 'zlib', { introduced: '0' }, { fixed: '1.2.13-r1' })]),
      }),
    );
    const ask = (ecosystem: string, name: string, version: string): string => bundle.match([packageOf(ecosystem, name, version)])[0]?.answer ?? '';
    const asked: readonly (readonly [string, string, string, string])[] = [
      ['npm', 'last', '1.5.0', 'affected'], ['npm', 'last', '1.5.1', 'not-affected'], ['npm', 'last', '0.9.0', 'not-affected'],
      ['npm', 'limit', '1.5.0', 'affected'], ['npm', 'limit', '2.0.0', 'not-affected'], ['npm', 'again', '1.0.0', 'affected'], ['npm', 'again', '3.5.0', 'not-affected'],
      ['npm', 'two', '1.0.5', 'affected'], ['npm', 'two', '1.5.0', 'not-affected'], ['npm', 'two', '2.0.5', 'affected'], ['npm', 'two', '2.1.0', 'not-affected'],
      ['npm', 'gone', '1.0.0', 'not-affected'], ['npm', '@Scope/bare', '1.0.0', 'affected'],
      ['PyPI', 'zope_interface', '2.0.0', 'affected'], ['PyPI', 'zope-interface', '2.0.1', 'not-affected'], ['PyPI', 'ten', '1.9', 'affected'], ['PyPI', 'ten', '1.10', 'not-affected'],
      ['Go', 'example.com/m', 'v0.0.0-20200101000000-abcdefabcdef', 'affected'], ['Go', 'example.com/m', 'v0.0.0-20230101000000-abcdefabcdef', 'not-affected'],
      ['Maven', 'g:a', '2.0-SNAPSHOT', 'affected'], ['Maven', 'g:a', '2.0.0.Final', 'not-affected'], ['Maven', 'g:a', '1.0-alpha-1', 'not-affected'],
      ['Debian:12', 'everywhere', '1.0-1', 'affected'], ['Debian:12', 'everywhere', '1.0-2', 'unknown'],
      ['Rocky Linux:9.3', 'bash', '5.1.8-6.el9', 'affected'], ['Alpine:3.18', 'zlib', '1.2.13-r0', 'affected'], ['Alpine:v3.18.4', 'zlib', '1.2.13-r1', 'not-affected'],
    ];
    expect(asked.map(([ecosystem, name, version]) => [ecosystem, name, version, ask(ecosystem, name, version)])).toEqual(asked);
  });

  it('says for every package that there is no feed when there is none', () => {
    const matches = matchWithoutBundle([packageOf('Debian:12', 'a', '1'), packageOf('Debian:12', 'b', '1')]);
    const findings = toFindings(matches, { bundle: null });
    expect(findings.map((finding) => [finding.answer, finding.reason])).toEqual([['unknown', 'no feed covers debian:12'], ['unknown', 'no feed covers debian:12']]);
    expect(matchGaps(matches)).toMatchObject([{ kind: 'feed-missing', subject: 'debian:12', count: 2 }]);
    expect(findings[0]?.title['zh-CN']).toContain('没有覆盖 debian:12 的漏洞库');
  });
});

describe('ranges', () => {
  const compare = (a: string, b: string): number => Number(a) - Number(b);
  const event = fc.tuple(fc.constantFrom('introduced', 'fixed', 'lastAffected', 'limit'), fc.integer({ min: 0, max: 12 })).map(([kind, at]): RangeEvent => ({ [kind]: String(at) }));

  // The algorithm of the OSV schema, word for word: walk the sorted events and flip a switch.
  function plain(events: readonly RangeEvent[], version: number): boolean {
    const at = (one: RangeEvent): number => Number(one.introduced ?? one.fixed ?? one.lastAffected ?? one.limit);
    let vulnerable = false;
    for (const one of [...events].sort((a, b) => at(a) - at(b) || Number(a.introduced === undefined) - Number(b.introduced === undefined))) {
      if (one.introduced !== undefined && version >= at(one)) vulnerable = true;
      else if (one.fixed !== undefined && version >= at(one)) vulnerable = false;
      else if (one.lastAffected !== undefined && version > at(one)) vulnerable = false;
    }
    const limits = events.flatMap((one) => (one.limit === undefined ? [] : [Number(one.limit)]));
    return vulnerable && (limits.length === 0 || limits.some((limit) => version < limit));
  }

  it('agree with the specification for any events in any order', () => {
    // One closing event a version: at equal versions the specification leaves the order open.
    const events = fc.uniqueArray(event, { maxLength: 8, selector: (one) => `${one.introduced === undefined}${one.introduced ?? one.fixed ?? one.lastAffected ?? `l${one.limit}`}` });
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 13 }), (list, version) => {
        expect(intervalHolding(intervalsOf(list, compare), String(version), compare) !== undefined).toBe(plain(list, version));
      }),
      { numRuns: 2000 },
    );
  });
});

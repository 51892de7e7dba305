import type { Package } from '@palisade/model/package';
import type { Text } from '@palisade/model/text';
import type { Vulnerability } from './match/types.ts';
import { baseOf, ecosystemKey } from './ecosystem/key.ts';

/** What to do, as a command where the ecosystem has one. */
export function remedyOf(one: Package, vulnerability: Vulnerability): Text {
  if (vulnerability.id.startsWith('MAL-')) return { en: `Remove ${one.name}: it is malicious. Rotate every credential it could read.`, 'zh-CN': `移除 ${one.name}：它是恶意软件包。并更换它可能读取到的所有凭据。` };
  const { fixed } = vulnerability;
  if (fixed !== undefined) {
    const command = commandFor(one, fixed);
    if (command === undefined) return { en: `Upgrade ${one.name} to ${fixed} or later.`, 'zh-CN': `将 ${one.name} 升级到 ${fixed} 或更高版本。` };
    return { en: `Upgrade to ${fixed} or later: ${command}`, 'zh-CN': `升级到 ${fixed} 或更高版本：${command}` };
  }
  switch (vulnerability.fixState) {
    case 'wont-fix':
      return { en: `No fix will come for this release. Move to a newer release, or remove ${one.name} if it is not needed.`, 'zh-CN': `该发行版本不会提供修复。请升级到更新的发行版，或在不需要时移除 ${one.name}。` };
    case 'deferred':
      return { en: 'The fix is put off to a later update. Limit who can reach it until then, or waive it with an end date.', 'zh-CN': '修复被推迟到以后的更新。在此之前请限制访问，或设置有期限的豁免。' };
    default:
      return { en: `No fixed version is known. Limit who can reach it, or remove ${one.name} if it is not needed.`, 'zh-CN': `没有已知的修复版本。请限制访问，或在不需要时移除 ${one.name}。` };
  }
}

// Only names that need no quoting go into a command: a package's name is the image's word, not ours.
const plain = /^[\w@./:+~-]+$/;

function commandFor(one: Package, fixed: string): string | undefined {
  const { name } = one;
  if (!plain.test(name) || !plain.test(fixed) || name.startsWith('-')) return undefined;
  switch (baseOf(ecosystemKey(one.ecosystem))) {
    case 'Debian':
    case 'Ubuntu':
      return `apt-get update && apt-get install --only-upgrade ${name}`;
    case 'Alpine':
    case 'Wolfi':
    case 'Chainguard':
      return `apk upgrade --no-cache ${name}`;
    case 'AlmaLinux':
    case 'Rocky Linux':
    case 'Red Hat':
    case 'CentOS':
    case 'Oracle Linux':
    case 'openEuler':
      return `dnf upgrade ${name}`;
    case 'SUSE':
    case 'openSUSE':
      return `zypper update ${name}`;
    case 'npm':
      return `npm install ${name}@${fixed}`;
    case 'PyPI':
      return `pip install '${name}>=${fixed}'`;
    case 'Go':
      return name === 'stdlib' ? undefined : `go get ${name}@v${fixed.replace(/^v/, '')}`;
    case 'RubyGems':
      return `bundle update ${name}`;
    case 'crates.io':
      return `cargo update -p ${name} --precise ${fixed}`;
    case 'Packagist':
      return `composer require '${name}:^${fixed}'`;
    case 'NuGet':
      return `dotnet add package ${name} --version ${fixed}`;
    default:
      return undefined;
  }
}

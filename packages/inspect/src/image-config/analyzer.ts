import type { Analyzer } from '@palisade/image/analyzer';

export type ModeFact = { readonly mode: number; readonly uid: number };

const systemFolder = /^(?:bin|boot|etc|lib|lib32|lib64|libx32|opt|root|sbin|usr)\//;

/** Notes files whose mode alone is a fact; none is opened. */
export const imageConfigAnalyzer: Analyzer<ModeFact> = {
  id: 'image-config',
  version: 1,
  wants: (stat) => stat.type === 'file' && ((stat.mode & 0o6000) !== 0 && (stat.mode & 0o111) !== 0 ? true : (stat.mode & 0o002) !== 0 && systemFolder.test(stat.path)),
  alike: () => true,
  read: (file) => ({ mode: file.stat.mode, uid: file.stat.uid }),
};

/** Programs that Debian, Ubuntu, Alpine, Fedora and SUSE ship with the bit. */
const distributed: ReadonlySet<string> = new Set([
  'at', 'bbsuid', 'bwrap', 'cgexec', 'chage', 'chfn', 'chsh', 'chkpwd', 'crontab', 'dbus-daemon-launch-helper', 'doas', 'dotlockfile', 'exim4', 'expiry',
  'fusermount', 'fusermount3', 'gpasswd', 'grub2-set-bootflag', 'locate', 'mail-lock', 'mail-touchlock', 'mail-unlock', 'mlocate', 'mount', 'mount.cifs', 'mount.nfs', 'newgidmap',
  'newgrp', 'newuidmap', 'ntfs-3g', 'pam_extrausers_chkpwd', 'pam_timestamp_check', 'passwd', 'ping', 'ping4', 'ping6', 'pkexec', 'polkit-agent-helper-1', 'postdrop',
  'postqueue', 'ssh-agent', 'ssh-keysign', 'staprun', 'su', 'sudo', 'sudoedit', 'traceroute6.iputils', 'umount', 'unix_chkpwd', 'unix2_chkpwd', 'usernetctl', 'userhelper', 'utempter',
  'wall', 'write', 'write.ul', 'bsd-write', 'Xorg.wrap', 'chrome-sandbox',
]);

/** True when distributions ship a program of this path with setuid or setgid. */
export function isDistributed(path: string): boolean {
  return /^(?:usr\/)?(?:s?bin|lib\w*|libexec)\//.test(path) && distributed.has(path.slice(path.lastIndexOf('/') + 1));
}

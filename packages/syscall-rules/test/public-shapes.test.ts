import { expect, it } from 'vitest';
import { loadRules } from '../src/ruleset.ts';

// Shapes of conditions that public rule files are written in; each loads, and reads the fields it names.
const context = { source: { origin: 0n, hostname: '' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
const shapes: readonly string[] = [
  '(evt.type = container or (evt.type in (execve, execveat) and proc.vpid=1)) and container.image.repository != incomplete',
  'evt.type in (open,openat,openat2) and evt.is_open_read=true and fd.typechar=\'d\' and fd.num>=0',
  'evt.type=setuid and evt.dir=> and not (user.name=root or user.uid=0) and evt.arg.uid=nobody',
  'evt.type in (fchmod, chmod, fchmodat) and (evt.arg.mode contains "S_ISUID" or evt.arg.mode contains "S_IXOTH") and evt.arg.filename startswith /bin',
  'evt.type in (rename, renameat, renameat2, rmdir, unlink, unlinkat) and (evt.arg.oldpath endswith _history or evt.arg.path contains "/." or evt.arg.name endswith _history or evt.arg.newpath contains "/.")',
  'evt.type in (sendto, sendmsg, connect) and fd.sport in (3333, 4444) and fd.sip.name in ("pool.test", "eu.pool.test") and fd.l4proto != tcp and fd.connected=false and fd.name_changed=true',
  'evt.type=connect and fd.sport="443" and fd.net != "127.0.0.0/8" and not fd.snet in ("10.0.0.0/8", "172.16.0.0/12") and fd.rnet in ("192.168.0.0/16") and fd.sockfamily = ip and fd.lport > 1024 and fd.lip != "0.0.0.0"',
  'evt.type in (accept,accept4,listen) and fd.sport >= 30000 and fd.sport <= 32767 and (fd.ip != "0.0.0.0" and (evt.rawres >= 0 or evt.res = EINPROGRESS))',
  'evt.type=execve and (not container.mount.dest[/proc*] in ("<NA>","N/A") or container.mount.source[/etc] = /etc or container.mounts contains docker.sock)',
  'evt.type=execve and (proc.args="" or proc.args intersects ("-V", "-l", "-h")) and proc.args[0] = x',
  'evt.type=execve and (proc.args contains "\\ " or proc.args endswith \\) and proc.cmdline startswith "sh -c" and proc.pcmdline = "python -m x"',
  'evt.type=execve and proc.env icontains HTTP_PROXY and proc.env[LD_PRELOAD] exists and proc.aenv contains X',
  'evt.type=execve and (proc.aname[3] startswith omsagent- or proc.aname in (nginx) or proc.aexe[2] endswith java or proc.apid[1] > 1 or proc.aexepath[2] = /bin/x or proc.acmdline[1] contains x)',
  'evt.type=execve and proc.exe_ino.ctime_duration_proc_start < 1000000000 and proc.exe_ino.mtime > 0 and proc.exe_ino.ctime_duration_pidns_start >= 0 and proc.is_exe_writable=true and proc.is_exe_lower_layer=false',
  'evt.type=recvfrom and fd.type in (ipv4, ipv6) and evt.buffer bcontains cafebabe',
  'evt.type=openat and (fd.name glob /proc/*/environ or fd.directory pmatch (/root/.ssh, /etc/*) or fd.filename iglob "*.PHP" or fd.name regex "/etc/(passwd|shadow)")',
  'evt.type=openat and evt.arg[0] != 3 and evt.arg.flags contains "O_CREAT" and evt.rawarg.flags > 0 and fs.path.name startswith /etc and fs.path.nameraw contains ".."',
  'evt.type=execve and (thread.cap_permitted contains CAP_SYS_ADMIN or thread.cap_effective icontains sys_module or thread.cap_inheritable contains CAP_BPF) and thread.vtid > 0',
  'evt.type=execve and basename(proc.exepath) = tolower(proc.name) and toupper(proc.name) startswith SH and len(proc.args) > 10 and b64(proc.args) contains x and val(proc.name) = val(proc.pname)',
  'evt.type=execve and join(",", (proc.name, proc.pname)) contains "," and concat(proc.name, "x") = shx',
  'evt.type=execve and proc.name startswith anyof (a, b) and proc.cmdline contains allof (x, y)',
  'evt.type=execve and user.loginuid >= -1 and user.loginname != x and group.name = root and user.homedir = /root and user.shell endswith sh',
  'evt.type=execve and k8s.ns.name in (kube-system) and k8s.pod.name exists and k8s.pod.label.app = web and k8s.pod.uid != x and container.label.role = db and container.privileged=true and container.duration < 5000000000',
  'evt.type=execve and proc.sname = bash and proc.vpgid.name = bash and proc.is_sid_leader=true and proc.tty != 0 and proc.loginshellid > 0 and proc.stdin.type = ipv4 and proc.stdout.name contains x',
  'evt.type=userfaultfd and user.uid != 0 and (evt.rawres >= 0 or evt.res != -1)',
  'evt.type in (bpf, ptrace, setns, unshare, mount, umount2, init_module, memfd_create, io_uring_setup) and evt.failed=false and evt.count > 0 and evt.hostname exists',
];

it.each(shapes)('%s', (condition) => {
  const { rules, problems } = loadRules([{ name: 'public.yaml', content: `- rule: Shape\n  desc: d\n  condition: >\n    ${condition}\n  output: "x %proc.aname[2] %fd.rip.name %evt.arg.uid %evt.args %container.info %k8s.pod.name %tolower(proc.name)"\n  priority: NOTICE\n  tags: [maturity_sandbox, T1610]\n` }], context);
  expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  expect(rules).toHaveLength(1);
});

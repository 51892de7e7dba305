import { expect, it } from 'vitest';
import { fieldClasses, findField } from '../src/fields/registry.ts';
import { loadRules } from '../src/ruleset.ts';
import { openTrace } from '../src/trace/read.ts';

// Every field that Falco's documentation lists for the syscall source (docs/reference/rules/supported-fields, 0.42), by
// class. Each is known here, and either has a value in the events below or says at load why it never has one.
const documented: Readonly<Record<string, string>> = {
  evt: 'num time time.s time.iso8601 datetime datetime.s rawtime rawtime.s rawtime.ns reltime reltime.s reltime.ns pluginname plugininfo source is_async asynctype hostname latency latency.s latency.ns latency.quantized latency.human deltatime deltatime.s deltatime.ns outputtime dir type type.is.openat category cpu args arg.flags rawarg.flags arg[0] info buffer buflen res rawres failed is_io is_io_read is_io_write io_dir is_wait wait_latency is_syslog count count.error count.error.file count.error.net count.error.memory count.error.other count.exit count.procinfo count.threadinfo around[1790000000000000000] abspath abspath.src abspath.dst buflen.in buflen.out buflen.file buflen.file.in buflen.file.out buflen.net buflen.net.in buflen.net.out is_open_read is_open_write is_open_exec is_open_create',
  syscall: 'type',
  proc: 'exe pexe aexe aexe[1] exepath pexepath aexepath aexepath[1] name pname aname aname[1] args args[0] aargs pargs cmdline pcmdline acmdline acmdline[1] cmdnargs cmdlenargs exeline env env[HOME] aenv aenv[1] aenv[HOME] cwd loginshellid tty pid ppid apid apid[1] vpid pvpid sid sname sid.exe sid.exepath vpgid vpgid.name vpgid.exe vpgid.exepath pgid pgid.name pgid.exe pgid.exepath duration ppid.duration pid.ts ppid.ts is_exe_writable is_exe_upper_layer is_exe_lower_layer is_exe_from_memfd is_sid_leader is_vpgid_leader is_pgid_leader exe_ino exe_ino.ctime exe_ino.mtime exe_ino.ctime_duration_proc_start exe_ino.ctime_duration_pidns_start pidns_init_start_ts is_container_healthcheck is_container_liveness_probe is_container_readiness_probe fdopencount fdlimit fdusage vmsize vmrss vmswap nthreads nchilds stdin.type stdout.type stderr.type stdin.name stdout.name stderr.name',
  thread: 'cap_permitted cap_inheritable cap_effective pfmajor pfminor tid ismain vtid nametid exectime totexectime cgroups cgroup.cpu vmsize vmrss vmsize.b vmrss.b cpu cpu.user cpu.system',
  user: 'uid name homedir shell loginuid loginname',
  group: 'gid name',
  fd: 'num type typechar name directory filename ip cip sip lip rip port cport sport lport rport l4proto sockfamily is_server uid containername containerdirectory proto cproto sproto lproto rproto net cnet snet lnet rnet connected name_changed cip.name sip.name lip.name rip.name dev dev.major dev.minor ino nameraw types is_upper_layer is_lower_layer',
  'fs.path': 'name nameraw source sourceraw target targetraw',
  fdlist: 'nums names cips sips cports sports',
  syslog: 'facility.str facility severity.str severity message',
  container: 'id full_id name image image.id type privileged mounts mount[0] mount.source[0] mount.dest[0] mount.mode[0] mount.rdwr[0] mount.propagation[0] image.repository image.tag image.digest healthcheck liveness_probe readiness_probe start_ts duration ip cni.json host_pid host_network host_ipc label.role labels',
  k8s: 'ns.name pod.name pod.id pod.uid pod.sandbox_id pod.full_sandbox_id pod.label.app pod.labels pod.ip pod.cni.json rc.name rc.id rc.label.app rc.labels svc.name svc.id svc.label.app svc.labels ns.id ns.label.app ns.labels rs.name rs.id rs.label.app rs.labels deployment.name deployment.id deployment.label.app deployment.labels',
};
const names = Object.entries(documented).flatMap(([group, fields]) => fields.split(' ').map((name) => `${group}.${name}`));

// One of each kind: files, sockets, processes with everything that is known of them.
const trace = [
  '{"palisade.trace":1,"origin":"1790000000000000000","hostname":"node"}',
  '{"container":{"id":"aaaaaaaaaaaa","fullId":"aaaaaaaaaaaabb","name":"web","type":"docker","image":"shop/web:1","imageId":"cc","imageRepository":"shop/web","imageTag":"1","imageDigest":"sha256:dd","privileged":false,"mounts":[{"source":"/a","destination":"/b","mode":"rw","readWrite":true,"propagation":"rprivate"}],"ip":"10.0.0.2","labels":{"role":"db"},"started":5,"hostPid":false,"hostNetwork":false,"hostIpc":false,"pod":{"name":"p","namespace":"n","uid":"u","sandboxId":"s","fullSandboxId":"ss","labels":{"app":"web"},"ip":"10.0.0.2"}}}',
  '{"process":{"pid":10,"ppid":1,"vpid":1,"sid":10,"pgid":10,"vsid":1,"vpgid":1,"start":1000,"comm":"sh","exe":"/bin/sh","exepath":"/bin/dash","args":["-c","x"],"env":["HOME=/root"],"container":"aaaaaaaaaaaa"}}',
  '{"process":{"pid":11,"ppid":10,"vpid":2,"sid":10,"pgid":11,"vsid":1,"vpgid":2,"start":2000,"comm":"cat","exe":"cat","exepath":"/bin/cat","args":["/etc/x","-n"],"env":["HOME=/root"],"cwd":"/srv","uid":0,"gid":0,"loginuid":0,"tty":34816,"capEffective":["CAP_SYS_ADMIN"],"capPermitted":["CAP_SYS_ADMIN"],"capInheritable":["CAP_SYS_ADMIN"],"executable":{"ino":5,"ctime":1790000000000001500,"mtime":1790000000000000001},"stdio":[{"num":0,"kind":"pipe","path":"pipe:[1]"},{"num":1,"kind":"pipe","path":"pipe:[2]"},{"num":2,"kind":"file","path":"/dev/null"}],"container":"aaaaaaaaaaaa","user":"root","loginuser":"root","group":"root","namespaceStart":1000,"execTime":2100}}',
  '{"event":{"type":"openat","time":3000,"pid":11,"res":3,"args":{"dirfd":-100,"name":"/srv/../etc/x","flags":577,"mode":420},"fd":{"num":3,"kind":"file","path":"/etc/x","ino":7,"dev":2049,"layer":"upper"}}}',
  '{"event":{"type":"execve","time":3500,"pid":11,"res":0}}',
  '{"event":{"type":"renameat2","time":4000,"pid":11,"res":0,"args":{"olddirfd":-100,"oldpath":"a","newdirfd":-100,"newpath":"/tmp/b","flags":0}}}',
  '{"event":{"type":"connect","time":5000,"pid":11,"res":0,"fd":{"num":4,"kind":"ipv4","local":{"ip":"10.0.0.2","port":40000},"remote":{"ip":"10.0.0.3","port":443},"role":"client","protocol":"tcp"}}}',
  '{"event":{"type":"connect","time":5500,"pid":11,"res":-111,"fd":{"num":4,"kind":"ipv4","local":{"ip":"10.0.0.2","port":40000},"remote":{"ip":"10.0.0.3","port":443},"role":"client","protocol":"tcp"}}}',
  '{"event":{"type":"openat","time":5600,"pid":11,"res":-2,"args":{"dirfd":-100,"name":"/nowhere","flags":0,"mode":0}}}',
  '{"event":{"type":"mmap","time":5700,"pid":11,"res":-12}}',
  '{"event":{"type":"setns","time":5800,"pid":11,"res":-1}}',
  '{"event":{"type":"read","time":6000,"pid":11,"res":4,"args":{"size":4},"buffer":"abcd","fd":{"num":3,"kind":"file","path":"/etc/x","ino":7,"dev":2049,"layer":"upper"}}}',
  '{"event":{"type":"sendto","time":7000,"pid":11,"res":4,"args":{"size":4},"fd":{"num":4,"kind":"ipv4","local":{"ip":"10.0.0.2","port":40000},"remote":{"ip":"10.0.0.3","port":443},"role":"client","protocol":"tcp"}}}',
  '{"event":{"type":"recvfrom","time":7500,"pid":11,"res":4,"args":{"size":4},"fd":{"num":4,"kind":"ipv4","local":{"ip":"10.0.0.2","port":40000},"remote":{"ip":"10.0.0.3","port":443},"role":"client","protocol":"tcp"}}}',
  '{"event":{"type":"write","time":8000,"pid":11,"res":4,"args":{"size":4},"fd":{"num":3,"kind":"file","path":"/etc/x"}}}',
];

const account = { name: 'root', home: '/root', shell: '/bin/sh' };
const known = { user: () => account, group: () => 'root', addresses: () => [] };

it.each(names)('knows %s in conditions or outputs', (name) => {
  const written = /^(.+?)(?:\[(.+)\])?$/.exec(name);
  const found = findField(written?.[1] ?? '', written?.[2]);
  expect(found, name).toBeDefined();
  const only = found?.definition.only;
  const text = (condition: string, output: string): string => `- rule: r\n  desc: d\n  condition: ${condition}\n  output: "${output}"\n  priority: INFO\n`;
  const content = only === 'output' ? text('evt.type=openat', `%${name}`) : text(`evt.type=openat and ${name} exists`, only === 'condition' ? 'x' : `x %${name}`);
  const { problems } = loadRules([{ name: 'x.yaml', content }], { source: { origin: 0n, hostname: '' }, names: known });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});

it('gives every field a value, or says at load why it never has one', () => {
  const reader = openTrace('trace', trace[0] ?? '');
  const getters = names.map((name) => {
    const written = /^(.+?)(?:\[(.+)\])?$/.exec(name);
    const found = findField(written?.[1] ?? '', written?.[2]);
    return { name, excused: found?.definition.unfilled !== undefined || found?.definition.deprecated !== undefined, get: found?.definition.bind(found.argument, { source: reader.source, names: known }) };
  });
  const seen = new Set<string>();
  for (const line of trace.slice(1)) {
    const event = reader.read(line);
    if (event === undefined) continue;
    for (const { name, get } of getters) {
      const value = get?.(event);
      if (value !== undefined && !(Array.isArray(value) && value.length === 0)) seen.add(name);
    }
  }
  expect(getters.filter(({ name, excused }) => !seen.has(name) && !excused).map(({ name }) => name)).toEqual([]);
});

it('has no field that is neither documented nor known to be older', () => {
  const older = new Set(['container.info', 'k8s.pod.id']);
  const plain = new Set(names.map((name) => name.replace(/\[.*/, '')));
  const all = Object.values(fieldClasses).flat();
  expect(all.filter(({ name }) => !older.has(name) && !plain.has(name) && ![...plain].some((one) => one.startsWith(`${name}.`))).map(({ name }) => name)).toEqual([]);
});

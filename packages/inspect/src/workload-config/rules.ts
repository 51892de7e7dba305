import type { DetectorRule } from '../detector.ts';

const cis = 'https://www.cisecurity.org/benchmark/docker';
const escape = 'https://attack.mitre.org/techniques/T1611/';

/** A rule whose description names the way out it opens. */
function wayOut(severity: DetectorRule['severity'], en: readonly [string, string, string], zh: readonly [string, string, string], references: readonly string[] = [escape, cis]): DetectorRule {
  return { severity, title: { en: en[0], 'zh-CN': zh[0] }, description: { en: en[1], 'zh-CN': zh[1] }, remedy: { en: en[2], 'zh-CN': zh[2] }, references };
}

export const workloadConfigRules = {
  'workload-config-privileged': wayOut('critical', ['Privileged container', 'Way out: mount the node\'s disk through its device, or load a kernel module; all devices and capabilities are there.', 'Run without --privileged; add the one capability or device that is needed.'], ['特权容器', '逃逸途径：通过设备挂载节点磁盘，或加载内核模块；容器拥有全部设备与能力。', '去掉 --privileged，只添加所需的能力或设备。']),
  'workload-config-engine-socket': wayOut('critical', ['The engine\'s socket is mounted', 'Way out: ask the engine for a new privileged container with the node\'s root directory in it.', 'Take the mount away, or put a proxy with a closed list of calls before the socket.'], ['挂载了容器引擎套接字', '逃逸途径：通过引擎新建一个挂载节点根目录的特权容器。', '移除该挂载，或在套接字前放置只允许固定调用的代理。']),
  'workload-config-sensitive-mount': wayOut('critical', ['A sensitive directory of the node is mounted writable', 'Way out: write a cron job, unit file, key or library that the node runs or trusts.', 'Mount only the directory that is needed, read-only.'], ['以可写方式挂载了节点敏感目录', '逃逸途径：写入节点会执行或信任的计划任务、unit 文件、密钥或库。', '只挂载所需目录，并设为只读。']),
  'workload-config-sensitive-mount-read': wayOut('high', ['A sensitive directory of the node is mounted read-only', 'Way out: read keys, tokens and password hashes of the node or of other containers.', 'Mount only the files that are needed.'], ['以只读方式挂载了节点敏感目录', '逃逸途径：读取节点或其他容器的密钥、令牌与口令哈希。', '只挂载所需文件。']),
  'workload-config-host-pid': wayOut('high', ['The node\'s process namespace is shared', 'Way out: read /proc/PID/environ and /proc/PID/root of the node\'s processes, or trace them.', 'Run without --pid=host.'], ['共享节点的 PID 命名空间', '逃逸途径：读取节点进程的 /proc/PID/environ 与 /proc/PID/root，或跟踪这些进程。', '去掉 --pid=host。']),
  'workload-config-host-network': wayOut('high', ['The node\'s network is shared', 'Way out: reach services bound to the node\'s loopback and the cloud\'s metadata address, and listen to traffic.', 'Use a network of its own and publish the ports needed.'], ['共享节点网络', '逃逸途径：访问绑定在节点回环地址上的服务和云元数据地址，并监听流量。', '使用独立网络，只发布所需端口。']),
  'workload-config-host-ipc': wayOut('medium', ['The node\'s shared memory is shared', 'Way out: read and change the shared memory of the node\'s processes.', 'Run without --ipc=host.'], ['共享节点 IPC', '逃逸途径：读写节点进程的共享内存。', '去掉 --ipc=host。']),
  'workload-config-host-uts': wayOut('low', ['The node\'s host name is shared', 'Way out: with SYS_ADMIN, rename the node and confuse what trusts its name.', 'Run without --uts=host.'], ['共享节点主机名', '逃逸途径：在具备 SYS_ADMIN 时修改节点主机名，迷惑信任该名称的系统。', '去掉 --uts=host。']),
  'workload-config-capability': wayOut('high', ['A capability that leads out of the container was added', 'Way out: named with the capability in the evidence.', 'Drop all capabilities and add the one that is needed.'], ['添加了可导致逃逸的能力', '逃逸途径：见证据中该能力的说明。', '去掉全部能力，只添加所需的一项。']),
  'workload-config-no-seccomp': wayOut('high', ['The system call filter is off', 'Way out: kernel flaws reachable only by calls that the default filter refuses (keyctl, userfaultfd, bpf …).', 'Remove seccomp=unconfined.'], ['关闭了系统调用过滤', '逃逸途径：利用默认过滤器会拒绝的系统调用（keyctl、userfaultfd、bpf 等）触发内核漏洞。', '去掉 seccomp=unconfined。']),
  'workload-config-no-apparmor': wayOut('medium', ['Mandatory access control is off', 'Way out: mount file systems and write to /proc and /sys where capabilities allow it.', 'Remove apparmor=unconfined or label=disable.'], ['关闭了强制访问控制', '逃逸途径：在能力允许时挂载文件系统、写入 /proc 与 /sys。', '去掉 apparmor=unconfined 或 label=disable。']),
  'workload-config-device': wayOut('high', ['A device of the node is handed in', 'Way out: read or write the node\'s disk or memory directly.', 'Take away disks, /dev/mem, /dev/kmsg and the like.'], ['交入了节点设备', '逃逸途径：直接读写节点的磁盘或内存。', '移除磁盘、/dev/mem、/dev/kmsg 等设备。']),
  'workload-config-no-memory-limit': wayOut('low', ['No memory limit', 'Not a way out, but a way to take the node down: one container can use all memory.', 'Set a memory limit.'], ['没有内存限制', '虽不能逃逸，但可拖垮节点：单个容器可耗尽全部内存。', '设置内存限制。'], [cis]),
  'workload-config-no-pids-limit': wayOut('low', ['No process limit', 'Not a way out, but a way to take the node down: a fork bomb fills the process table.', 'Set a process limit (--pids-limit).'], ['没有进程数限制', '虽不能逃逸，但可拖垮节点：fork 炸弹会占满进程表。', '设置进程数限制（--pids-limit）。'], [cis]),
  'workload-config-no-cpu-limit': wayOut('low', ['No CPU limit', 'Not a way out, but a way to slow every neighbour on the node.', 'Set a CPU limit or share.'], ['没有 CPU 限制', '虽不能逃逸，但可拖慢节点上的所有容器。', '设置 CPU 限制或份额。'], [cis]),
  'workload-config-root-user': wayOut('medium', ['Runs as root', 'Way out: any flaw of kernel, runtime or mount is reached with root\'s rights.', 'Set a user id other than 0.'], ['以 root 身份运行', '逃逸途径：内核、运行时或挂载的任何缺陷都以 root 权限触达。', '设置非 0 的用户 ID。']),
  'workload-config-new-privileges': wayOut('low', ['Programs may gain privileges', 'Way out: setuid programs in the image give root to an ordinary user.', 'Run with --security-opt no-new-privileges.'], ['允许程序提升权限', '逃逸途径：镜像内的 setuid 程序可让普通用户获得 root。', '使用 --security-opt no-new-privileges 运行。'], [cis]),
  'workload-config-writable-root': wayOut('low', ['The root file system is writable', 'Not a way out, but a place to stay: an attacker can drop and run tools.', 'Run with --read-only and mount what must be written.'], ['根文件系统可写', '虽不能逃逸，但可供驻留：攻击者可写入并运行工具。', '使用 --read-only，并单独挂载需要写入的目录。'], [cis]),
} as const satisfies Record<string, DetectorRule>;

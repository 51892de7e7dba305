import type { Container } from '@palisade/model/container';
import { workloadConfig } from '../src/workload-config/detector.ts';
import { acceptDetector } from './accept-detector.ts';

const tidy: Container = {
  id: 'c1', node: 'n', cluster: 'k', engine: 'docker', name: 'web', image: 'sha256:i', imageName: 'web:1', state: 'running', created: '', started: null, pid: 1, user: '1000', command: [], labels: {}, ports: [],
  mounts: [{ source: '/var/lib/docker/volumes/data/_data', destination: '/data', kind: 'volume', readOnly: false }, { source: '/etc/localtime', destination: '/etc/localtime', kind: 'bind', readOnly: true }],
  networkMode: 'bridge', pidMode: '', ipcMode: 'private', utsMode: '', usernsMode: '', privileged: false, readOnlyRoot: true, capAdd: ['NET_BIND_SERVICE'], capDrop: ['ALL'],
  securityOpt: ['no-new-privileges'], devices: [], limits: { memory: 1 << 28, cpus: 1, pids: 100 }, restartPolicy: 'no',
};
const bind = (source: string, readOnly = false) => [{ source, destination: '/x', kind: 'bind', readOnly }];
const rule = (name: string): string => `workload-config-${name}`;
const one = (name: string, part: Partial<Container>, ...rules: string[]) => ({ name, input: { ...tidy, ...part }, fires: rules.map(rule) });

acceptDetector(workloadConfig, [
  one('has nothing to say of a tidy container', {}),
  one('privileged', { privileged: true }, 'privileged'),
  one('engine socket, read-only too', { mounts: bind('/var/run/docker.sock', true) }, 'engine-socket'),
  one('containerd socket', { mounts: bind('/run/containerd/containerd.sock') }, 'engine-socket'),
  one('root directory of the node', { mounts: bind('/') }, 'sensitive-mount'),
  one('etc, read-only', { mounts: bind('/etc', true) }, 'sensitive-mount-read'),
  one('an application directory', { mounts: bind('/srv/app') }),
  one('host namespaces', { pidMode: 'host', networkMode: 'host', ipcMode: 'host', utsMode: 'host' }, 'host-pid', 'host-network', 'host-ipc', 'host-uts'),
  one('capabilities, with and without prefix', { capAdd: ['CAP_SYS_ADMIN', 'sys_ptrace', 'CHOWN'] }, 'capability'),
  one('filters off', { securityOpt: ['seccomp=unconfined', 'apparmor:unconfined', 'no-new-privileges:true'] }, 'no-seccomp', 'no-apparmor'),
  one('a disk', { devices: ['/dev/sda1', '/dev/fuse'] }, 'device'),
  one('no limits', { limits: { memory: null, cpus: null, pids: null } }, 'no-memory-limit', 'no-pids-limit', 'no-cpu-limit'),
  one('root on a writable root file system', { user: '0', readOnlyRoot: false, securityOpt: [] }, 'root-user', 'writable-root', 'new-privileges'),
]);

import type { Container } from '@palisade/model/container';
import { z } from 'zod';

const strings = z.array(z.string()).nullish();
const Inspect = z.looseObject({
  Id: z.string(),
  Created: z.string(),
  Name: z.string(),
  Image: z.string(),
  Path: z.string().optional(),
  Args: strings,
  State: z.looseObject({ Status: z.string(), Pid: z.number(), StartedAt: z.string().optional() }),
  Config: z.looseObject({ Image: z.string(), User: z.string().optional(), Labels: z.record(z.string(), z.string()).nullish() }),
  HostConfig: z.looseObject({
    Privileged: z.boolean().optional(),
    ReadonlyRootfs: z.boolean().optional(),
    NetworkMode: z.string().optional(),
    PidMode: z.string().optional(),
    IpcMode: z.string().optional(),
    UTSMode: z.string().optional(),
    UsernsMode: z.string().optional(),
    CapAdd: strings,
    CapDrop: strings,
    SecurityOpt: strings,
    Devices: z.array(z.looseObject({ PathOnHost: z.string() })).nullish(),
    Memory: z.number().optional(),
    NanoCpus: z.number().optional(),
    CpuQuota: z.number().optional(),
    CpuPeriod: z.number().optional(),
    PidsLimit: z.number().nullish(),
    RestartPolicy: z.looseObject({ Name: z.string().optional() }).nullish(),
  }),
  Mounts: z.array(z.looseObject({ Type: z.string(), Source: z.string().optional(), Destination: z.string(), RW: z.boolean().optional() })).nullish(),
  NetworkSettings: z.looseObject({ Ports: z.record(z.string(), z.array(z.looseObject({ HostIp: z.string().optional(), HostPort: z.string().optional() })).nullish()).nullish() }).nullish(),
});

const states = ['created', 'running', 'paused', 'restarting', 'exited', 'dead'] as const;

/** `GET /containers/{id}/json` in the words of the model. `place` names node and cluster. */
export function describeContainer(value: unknown, place: { node: string; cluster: string }): Container {
  const it = Inspect.parse(value);
  const host = it.HostConfig;
  const labels = it.Config.Labels ?? {};
  const project = labels['com.docker.compose.project'];
  const workload = labels['com.docker.compose.service'] ?? labels['io.kubernetes.container.name'];
  const namespace = labels['io.kubernetes.pod.namespace'];
  const pod = labels['io.kubernetes.pod.name'];
  return {
    id: it.Id,
    node: place.node,
    cluster: place.cluster,
    engine: 'docker',
    name: it.Name.replace(/^\//, ''),
    image: it.Image,
    imageName: it.Config.Image,
    state: states.find((state) => state === it.State.Status) ?? 'unknown',
    created: it.Created,
    started: it.State.StartedAt === undefined || it.State.StartedAt.startsWith('0001-') ? null : it.State.StartedAt,
    pid: it.State.Pid,
    user: it.Config.User ?? '',
    command: [...(it.Path === undefined ? [] : [it.Path]), ...(it.Args ?? [])],
    labels,
    ...(project === undefined ? {} : { project }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(workload === undefined ? {} : { workload }),
    ...(pod === undefined ? {} : { pod }),
    ports: Object.entries(it.NetworkSettings?.Ports ?? {}).flatMap(([port, bindings]) => describePort(port, bindings ?? [])),
    mounts: (it.Mounts ?? []).map((mount) => ({ source: mount.Source ?? '', destination: mount.Destination, kind: mount.Type, readOnly: mount.RW === false })),
    networkMode: host.NetworkMode ?? 'default',
    pidMode: host.PidMode ?? '',
    ipcMode: host.IpcMode ?? '',
    utsMode: host.UTSMode ?? '',
    usernsMode: host.UsernsMode ?? '',
    privileged: host.Privileged ?? false,
    readOnlyRoot: host.ReadonlyRootfs ?? false,
    capAdd: (host.CapAdd ?? []).map(withoutPrefix),
    capDrop: (host.CapDrop ?? []).map(withoutPrefix),
    securityOpt: host.SecurityOpt ?? [],
    devices: (host.Devices ?? []).map((device) => device.PathOnHost),
    limits: { memory: positive(host.Memory), cpus: cpus(host), pids: positive(host.PidsLimit ?? undefined) },
    restartPolicy: host.RestartPolicy?.Name ?? 'no',
  };
}

function describePort(port: string, bindings: readonly { HostIp?: string | undefined; HostPort?: string | undefined }[]): Container['ports'] {
  const [number, protocol] = port.split('/');
  const one = { protocol: protocol === 'udp' ? ('udp' as const) : protocol === 'sctp' ? ('sctp' as const) : ('tcp' as const), containerPort: Number(number) };
  if (bindings.length === 0) return [one];
  return bindings.map((binding) => ({
    ...one,
    ...(binding.HostIp === undefined ? {} : { hostIp: binding.HostIp }),
    ...(binding.HostPort === undefined || binding.HostPort === '' ? {} : { hostPort: Number(binding.HostPort) }),
  }));
}

const withoutPrefix = (capability: string): string => capability.replace(/^CAP_/, '');
const positive = (value: number | undefined): number | null => (value === undefined || value <= 0 ? null : value);

function cpus(host: { NanoCpus?: number | undefined; CpuQuota?: number | undefined; CpuPeriod?: number | undefined }): number | null {
  if ((host.NanoCpus ?? 0) > 0) return (host.NanoCpus ?? 0) / 1e9;
  const period = (host.CpuPeriod ?? 0) > 0 ? (host.CpuPeriod ?? 100_000) : 100_000;
  return (host.CpuQuota ?? 0) > 0 ? (host.CpuQuota ?? 0) / period : null;
}

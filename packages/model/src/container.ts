import { z } from 'zod';

export const Port = z.object({ protocol: z.enum(['tcp', 'udp', 'sctp']), containerPort: z.number(), hostIp: z.string().optional(), hostPort: z.number().optional() });
export type Port = z.infer<typeof Port>;

export const Mount = z.object({ source: z.string(), destination: z.string(), kind: z.string(), readOnly: z.boolean() });
export type Mount = z.infer<typeof Mount>;

/** A container as its engine knows it, in the words of all engines. `limits`: bytes, CPUs, processes; null = none. */
export const Container = z.object({
  id: z.string(),
  node: z.string(),
  cluster: z.string(),
  engine: z.string(),
  name: z.string(),
  image: z.string(),
  imageName: z.string(),
  state: z.enum(['created', 'running', 'paused', 'restarting', 'exited', 'dead', 'unknown']),
  created: z.string(),
  started: z.string().nullable(),
  pid: z.number(),
  user: z.string(),
  command: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  project: z.string().optional(),
  namespace: z.string().optional(),
  workload: z.string().optional(),
  pod: z.string().optional(),
  ports: z.array(Port),
  listening: z.array(z.object({ protocol: z.enum(['tcp', 'udp']), address: z.string(), port: z.number(), process: z.string().optional() })).optional(),
  /** Programs that run in it, each once with how many processes it has; absent: not known. */
  processes: z.array(z.object({ name: z.string(), count: z.number() })).optional(),
  mounts: z.array(Mount),
  networkMode: z.string(),
  pidMode: z.string(),
  ipcMode: z.string(),
  utsMode: z.string(),
  usernsMode: z.string(),
  privileged: z.boolean(),
  readOnlyRoot: z.boolean(),
  capAdd: z.array(z.string()),
  capDrop: z.array(z.string()),
  securityOpt: z.array(z.string()),
  devices: z.array(z.string()),
  limits: z.object({ memory: z.number().nullable(), cpus: z.number().nullable(), pids: z.number().nullable() }),
  restartPolicy: z.string(),
});
export type Container = z.infer<typeof Container>;

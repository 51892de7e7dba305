import { z } from 'zod';

/** A group of nodes under one policy: a Kubernetes cluster, or a plain Docker host as a cluster of one node. */
export const Cluster = z.object({ id: z.string(), name: z.string(), kind: z.enum(['docker-host', 'kubernetes', 'host']) });
export type Cluster = z.infer<typeof Cluster>;

export const Node = z.object({
  id: z.string(),
  cluster: z.string(),
  name: z.string(),
  kernel: z.string(),
  os: z.string(),
  arch: z.string(),
  engines: z.array(z.object({ kind: z.string(), version: z.string(), socket: z.string(), state: z.enum(['connected', 'absent', 'unreadable', 'unsupported']) })),
  /** Whether running containers are watched on this node; absent: no sensor has ever reported. `absent`: no program, no rules or no root; `refused`: it did not start; `programs`: attached in the kernel. */
  sensor: z.object({ state: z.enum(['armed', 'off', 'absent', 'refused']), reason: z.string().optional(), rules: z.number().optional(), programs: z.number().optional() }).optional(),
});
export type Node = z.infer<typeof Node>;

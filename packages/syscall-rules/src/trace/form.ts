import { z } from 'zod';

// A trace is NDJSON (gzip allowed), one object a line, in the order things happened:
//   {"palisade.trace": 1, "origin": "1795500000000000000", "hostname": "node-1"}     first line
//   {"container": {"id": "0123456789ab", "image": "docker.io/library/nginx:1.27", …}}
//   {"process": {"pid": 4711, "ppid": 1, "comm": "nginx", …}}                        whoever ran before, or was cloned
//   {"event": {"type": "execve", "time": 1500, "pid": 4712, "process": {…}}}         what happened
// Times are ns since the origin. Names of types and arguments are Falco's; flags may be numbers or their names.
// What a line leaves out has the default a fresh process or an unnamed container has.

const text = z.string().max(65_536);
const count = z.number().min(0);

export const FdLine = z.strictObject({
  num: z.number().default(-1),
  kind: z.enum(['file', 'directory', 'ipv4', 'ipv6', 'unix', 'pipe', 'event', 'signalfd', 'eventpoll', 'inotify', 'timerfd', 'bpf', 'userfaultfd', 'io_uring', 'memfd', 'pidfd', 'netlink', 'packet', 'unknown']),
  path: text.default(''),
  local: z.strictObject({ ip: text, port: count }).optional(),
  remote: z.strictObject({ ip: text, port: count }).optional(),
  role: z.enum(['client', 'server']).optional(),
  protocol: z.enum(['tcp', 'udp', 'icmp', 'raw', 'unknown']).optional(),
  ino: count.optional(),
  dev: count.optional(),
  layer: z.enum(['upper', 'lower']).optional(),
  connected: z.boolean().optional(),
  nameChanged: z.boolean().optional(),
});

export const ContainerLine = z.strictObject({
  id: z.string().min(1).max(256),
  fullId: text.optional(),
  name: text.optional(),
  type: text.optional(),
  image: text.optional(),
  imageId: text.optional(),
  imageRepository: text.optional(),
  imageTag: text.optional(),
  imageDigest: text.optional(),
  privileged: z.boolean().optional(),
  mounts: z.array(z.strictObject({ source: text, destination: text, mode: text.default(''), readWrite: z.boolean().default(true), propagation: text.default('') })).max(10_000).optional(),
  ip: text.optional(),
  labels: z.record(text, text).optional(),
  started: z.number().optional(),
  hostPid: z.boolean().optional(),
  hostNetwork: z.boolean().optional(),
  hostIpc: z.boolean().optional(),
  healthcheck: text.optional(),
  livenessProbe: text.optional(),
  readinessProbe: text.optional(),
  cniJson: text.optional(),
  pod: z.strictObject({ name: text, namespace: text, uid: text.default(''), sandboxId: text.default(''), fullSandboxId: text.default(''), labels: z.record(text, text).default({}), ip: text.default(''), cniJson: text.default('') }).optional(),
});

export const ProcessLine = z.strictObject({
  pid: count,
  start: z.number().optional(),
  ppid: count.optional(),
  vpid: count.optional(),
  sid: count.optional(),
  pgid: count.optional(),
  vsid: count.optional(),
  vpgid: count.optional(),
  comm: text.optional(),
  exe: text.optional(),
  exepath: text.optional(),
  args: z.array(text).max(65_536).optional(),
  env: z.array(text).max(65_536).optional(),
  cwd: text.optional(),
  uid: count.optional(),
  gid: count.optional(),
  loginuid: z.number().optional(),
  tty: count.optional(),
  /** Number, or names such as ["CAP_SYS_ADMIN"]. */
  capEffective: z.union([count, z.array(text)]).optional(),
  capPermitted: z.union([count, z.array(text)]).optional(),
  capInheritable: z.union([count, z.array(text)]).optional(),
  executable: z.strictObject({ ino: count.default(0), ctime: count.default(0), mtime: count.default(0), upper: z.boolean().default(false), lower: z.boolean().default(false), memfd: z.boolean().default(false), writable: z.boolean().default(false), deleted: z.boolean().default(false) }).optional(),
  script: text.optional(),
  stdio: z.array(FdLine.nullable()).max(3).optional(),
  container: text.optional(),
  user: text.optional(),
  loginuser: text.optional(),
  group: text.optional(),
  namespaceStart: z.number().optional(),
  threads: count.optional(),
  vmSize: count.optional(),
  vmRss: count.optional(),
  vmSwap: count.optional(),
  fdOpen: count.optional(),
  fdLimit: count.optional(),
  execTime: z.number().optional(),
  probe: z.enum(['healthcheck', 'liveness', 'readiness']).optional(),
  cgroups: z.array(text).max(64).optional(),
});

export const EventLine = z.strictObject({
  type: z.string().max(64),
  time: z.number().optional(),
  pid: count,
  tid: count.optional(),
  vtid: count.optional(),
  cpu: count.optional(),
  res: z.number().optional(),
  args: z.record(z.string().max(64), z.union([text, z.number()])).optional(),
  /** Directories that relative path arguments start from, by the argument's name; otherwise the cwd. */
  bases: z.record(z.string().max(64), text).optional(),
  fd: FdLine.optional(),
  buffer: text.optional(),
  /** What this event changed of its process: an exec gives the new program, a setuid the new user. */
  process: ProcessLine.omit({ pid: true }).optional(),
});

export const HeaderLine = z.strictObject({ 'palisade.trace': z.literal(1), origin: z.string().regex(/^\d{1,20}$/), hostname: z.string().max(256).default(''), note: text.optional() });

export const TraceLine = z.union([z.strictObject({ container: ContainerLine }), z.strictObject({ process: ProcessLine }), z.strictObject({ event: EventLine })]);

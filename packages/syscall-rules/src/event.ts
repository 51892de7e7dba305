// The form in which a sensor (or a trace) hands an event to the rules. One place, so that decoder, process tree and
// rule language meet without knowing each other.
//
// Costs: an event object may be reused for the next record, so whoever keeps something copies it. Whatever takes
// work (paths, addresses, arguments) is behind a method or a getter and computed only when a rule asks; a process is
// one object per exec and keeps its joined command line.

/** Nanoseconds since the source's `origin`. A double is exact for 104 days of it; see EventSource. */
export type Nanos = number;

export type IpAddress = string;

/** One end of a connection; `ip` in text form (v4-mapped addresses as plain v4). */
export type Endpoint = { readonly ip: IpAddress; readonly port: number };

/** Falco's descriptor types, in its words (fd.type). */
export type FdKind =
  | 'file' | 'directory' | 'ipv4' | 'ipv6' | 'unix' | 'pipe' | 'event' | 'signalfd' | 'eventpoll' | 'inotify'
  | 'timerfd' | 'bpf' | 'userfaultfd' | 'io_uring' | 'memfd' | 'pidfd' | 'netlink' | 'packet' | 'unknown';

/** What a descriptor points at. `role`: who opened the connection, seen from the process that holds it. */
export type Fd = {
  readonly num: number;
  readonly kind: FdKind;
  /** Path as the process sees it (after links), socket path, or empty for internet sockets. */
  readonly path: string;
  readonly local?: Endpoint | undefined;
  readonly remote?: Endpoint | undefined;
  readonly role?: 'client' | 'server' | undefined;
  readonly protocol?: 'tcp' | 'udp' | 'icmp' | 'raw' | 'unknown' | undefined;
  readonly ino?: number | undefined;
  readonly dev?: number | undefined;
  /** File on overlayfs: written after the image was made, or from an image layer. */
  readonly layer?: 'upper' | 'lower' | undefined;
  /** A UDP socket that has a fixed peer. */
  readonly connected?: boolean | undefined;
  /** This event gave the socket another peer. */
  readonly nameChanged?: boolean | undefined;
};

/** The executed file. Times in ns since 1970 (decimal precision is the double's). */
export type Executable = {
  readonly ino: number;
  readonly ctime: number;
  readonly mtime: number;
  /** On overlayfs: the file is in the container's writable layer. */
  readonly upper: boolean;
  /** On overlayfs: the file is from an image layer. */
  readonly lower: boolean;
  readonly memfd: boolean;
  readonly writable: boolean;
  readonly deleted: boolean;
};

/** A process as of its last exec. Identity is (pid, start): a pid alone is used again. */
export type Process = {
  readonly pid: number;
  readonly start: Nanos;
  readonly ppid: number;
  readonly vpid: number;
  readonly sid: number;
  readonly pgid: number;
  readonly vsid: number;
  readonly vpgid: number;
  /** Kernel's short name, 15 bytes. */
  readonly comm: string;
  /** argv[0]. */
  readonly exe: string;
  /** The executed file's real path; `memfd:name` where it has none. */
  readonly exepath: string;
  /** argv[1..]. */
  readonly args: readonly string[];
  /** argv in one text, where the source has it so: the same text stands for the same `exe` and `args` of processes of one name. */
  readonly argvText?: string | undefined;
  /** `NAME=value`, or `NAME` alone where values are not kept. */
  readonly env: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  /** 4294967295: nobody logged in. */
  readonly loginuid: number;
  /** Device number, 0 without a terminal. */
  readonly tty: number;
  /** Capability bits (41 of them fit a double). */
  readonly capEffective: number;
  readonly capPermitted: number;
  readonly capInheritable: number;
  readonly executable: Executable | undefined;
  /** Script given to exec, where it differs from the binary. */
  readonly script?: string | undefined;
  /** Descriptors 0, 1 and 2 at exec, where known. */
  readonly stdio: readonly (Fd | undefined)[];
  /** The parent as it was when this process appeared: it stays known after its end. Undefined: unknown. */
  readonly parent: Process | undefined;
  readonly container: Container;
  /** Names, where the source knows them itself (a trace); otherwise the engine asks its `Names`. */
  readonly user?: string | undefined;
  readonly loginuser?: string | undefined;
  readonly group?: string | undefined;
  /** Start of the first process of its pid namespace. */
  readonly namespaceStart?: Nanos | undefined;
  readonly threads?: number | undefined;
  readonly vmSize?: number | undefined;
  readonly vmRss?: number | undefined;
  readonly vmSwap?: number | undefined;
  readonly fdOpen?: number | undefined;
  readonly fdLimit?: number | undefined;
  /** Last exec on the event clock; undefined: not seen, it was running before the sensor. */
  readonly execTime?: Nanos | undefined;
  /** Health or readiness check of an engine, where the source can tell. */
  readonly probe?: 'healthcheck' | 'liveness' | 'readiness' | undefined;
  readonly cgroups?: readonly string[] | undefined;
  /** Joined texts and decided parts of conditions, kept by those that made them: once per exec, not once per event. Sources leave it undefined. */
  texts?: ProcessTexts | undefined;
};

/** What was decided of one subject of conditions (compile/family.ts): by place, and by set of conditions which of them are open. */
export type Memory = { decided: Uint8Array; readonly open: number[] };

export type ProcessTexts = {
  args?: string;
  commandLine?: string;
  exeLine?: string;
  env?: string;
  ancestorNames?: readonly string[];
  name?: Memory;
  program?: Memory;
  /** Of the process in the container as it was described then. */
  asked?: Memory & { readonly within: Container };
  /** What children ask of their ancestors, from this process up. */
  lineage?: Memory;
};

export type ContainerMount = { readonly source: string; readonly destination: string; readonly mode: string; readonly readWrite: boolean; readonly propagation: string };

/** The container of a process; on the host `id` is "host" and everything else is empty. */
export type Container = {
  /** First twelve characters, as engines print it; `host` outside any container. */
  readonly id: string;
  readonly fullId: string;
  readonly name: string;
  readonly type: string;
  /** The image as it was named at start, such as `docker.io/library/nginx:1.27`. */
  readonly image: string;
  readonly imageId: string;
  readonly imageRepository: string;
  readonly imageTag: string;
  readonly imageDigest: string;
  readonly privileged: boolean | undefined;
  readonly mounts: readonly ContainerMount[];
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Start on the event clock. */
  readonly started: Nanos | undefined;
  readonly hostPid: boolean | undefined;
  readonly hostNetwork: boolean | undefined;
  readonly hostIpc: boolean | undefined;
  readonly healthcheck: string;
  readonly livenessProbe: string;
  readonly readinessProbe: string;
  readonly cniJson: string;
  readonly pod: Pod | undefined;
};

export type Pod = {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly sandboxId: string;
  readonly fullSandboxId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly cniJson: string;
};

export const hostContainer: Container = {
  id: 'host', fullId: '', name: 'host', type: 'host', image: '', imageId: '', imageRepository: '', imageTag: '', imageDigest: '', privileged: undefined, mounts: [], ip: '', labels: {},
  started: undefined, hostPid: undefined, hostNetwork: undefined, hostIpc: undefined, healthcheck: '', livenessProbe: '', readinessProbe: '', cniJson: '', pod: undefined,
};

/** An argument as the kernel got it: a number, or a string where it is one (a trace may give flags as text too). */
export type ArgValue = string | number;

/**
 * One event. Names of types and arguments are Falco's (event-types/): `openat` has dirfd, name, flags, mode …
 * Only exits exist, as in Falco 0.42: the direction is always `<`.
 */
export type Event = {
  /** Counts from 1 within a source. */
  readonly num: number;
  /** Index into `eventTypes` (event-types/table.ts). */
  readonly type: number;
  readonly time: Nanos;
  readonly cpu: number;
  readonly tid: number;
  readonly vtid: number;
  /** Never absent: a process the source knows nothing of has pid, comm and empty fields. */
  readonly process: Process;
  /** What the syscall returned: below zero is -errno; undefined for events that return nothing. */
  readonly result: number | undefined;
  /** The descriptor the event is about (made, connected, changed …). */
  readonly fd: Fd | undefined;
  /** An argument by Falco's name; undefined where the event has none, or it could not be read. */
  arg(name: string): ArgValue | undefined;
  /** A path argument as absolute path from the process's root, `.` and `..` taken out; undefined as above. */
  path(name: string): string | undefined;
  /** First bytes of a read or written buffer, one character a byte, where the source has them. */
  readonly buffer?: string | undefined;
};

/** Where events come from. `origin` is the clock's zero in ns since 1970. */
export type EventSource = { readonly origin: bigint; readonly hostname: string };

/** Names that an event does not carry; asked lazily, so answers may come from a cache. */
export type Names = {
  user(uid: number, container: Container): { readonly name: string; readonly home: string; readonly shell: string } | undefined;
  group(gid: number, container: Container): string | undefined;
  /** Addresses a host name stands for in a container, for fd.sip.name and its kin: empty when unknown. Never blocks. */
  addresses(host: string, container: Container): readonly IpAddress[];
};

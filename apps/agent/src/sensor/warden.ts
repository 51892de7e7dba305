import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PalisadeError } from '@palisade/model/error';
import { kinds, requestAt, requestOps, requestSize, tags } from '@palisade/behaviour/decode.gen';
import type { SensorRecord } from '@palisade/behaviour/decode';
import { createRecordStream, textOf } from '@palisade/behaviour/decode';

/**
 * One syscall to record. Without flags only calls that succeed, for open only those that may write.
 * `prefixes`: only below the loaded prefixes of `prefixSets` (0 to 9, default 0). `once`: the first on a descriptor to one peer.
 */
export type CallWanted = {
  readonly name: string;
  readonly failed?: boolean;
  readonly reads?: boolean | 'prefixes';
  readonly writes?: 'prefixes';
  readonly prefixSets?: readonly number[];
  readonly containersOnly?: boolean;
  readonly once?: boolean;
};

/** A path below which opens are recorded for the calls that name its set; at most 128 bytes. */
export type Prefix = string | { readonly path: string; readonly set: number };

/** What the kernel made of one eBPF program. `use`, `errno` and `reason` only where it refused it: then `use` is what is missing. */
export type SensorProgram = {
  readonly name: string;
  readonly family: 'process' | 'prevention' | 'syscalls' | 'hold' | 'isolation' | 'dns';
  readonly state: 'unused' | 'loaded' | 'attached' | 'refused';
  readonly use?: string;
  readonly errno?: number;
  readonly reason?: string;
};

/** What came of arming. */
export type Armed = {
  /** Syscalls recorded. */
  readonly calls: number;
  /** Wanted syscalls that are not recorded. */
  readonly missing: readonly string[];
  /** Recorded although this kernel has no tracepoint for them: by a hook that every call of the machine passes. */
  readonly untraced: readonly string[];
  readonly pinned: boolean;
  /** Why what was to be pinned where possible is not; empty otherwise. */
  readonly unpinned: string;
  readonly isolation: boolean;
  readonly dns: boolean;
  /** Ns since 1970 at which the records' clock was 0, in decimal digits. */
  readonly origin?: string;
  readonly cgroup: 'v1' | 'hybrid' | 'v2' | 'none';
  /** Denial of execs by EPERM: "off", "on, keeps CAP_SYS_ADMIN", or why it could not be started. */
  readonly execDenial: string;
  /** With pins: how long no warden ran before this one, in ms; 0 where there was none before. */
  readonly gapMs: number;
  readonly programs: readonly SensorProgram[];
};

/** Records lost: `ring` when the reader was too slow, `skipped` when the kernel did not run a hook. */
export type Loss = { readonly ring: number; readonly skipped: number };

/** Pins that are done without where there is no bpffs, and given up when the warden is stopped; only what is killed leaves them. */
export type TemporaryPins = { readonly folder: string; readonly temporary: true };

export type WardenOptions = {
  /** Path of the warden program. */
  readonly program: string;
  readonly calls: readonly CallWanted[];
  /** Paths below which opens for reading are recorded, for calls with reads: 'prefixes'; at most 128 bytes each. */
  readonly prefixes?: readonly Prefix[];
  /** Record DNS messages in both directions. */
  readonly dns?: boolean;
  /** Deny execs by EPERM on request: a process of its own then keeps CAP_SYS_ADMIN. */
  readonly execDenial?: boolean;
  /** A part of the sensor that stopped working, in its own words: a gap. */
  onFault?(text: string): void;
  /** Directory in bpffs where the deny lists and their program stay when every process is dead. */
  readonly pins?: string | TemporaryPins;
  /** Called for each record, which the next one reuses. */
  onRecord(record: SensorRecord): void;
  /** Records that could not be kept since the last call: a gap. */
  onLoss(loss: Loss): void;
  readonly signal: AbortSignal;
};

export type Request = {
  readonly op: keyof typeof requestOps;
  readonly text?: string;
  readonly flags?: number;
  readonly pid?: number;
  /** Start of the process to signal, ns since boot, as its records say; 0 = whoever has the pid. */
  readonly start?: number;
  readonly signalNumber?: number;
};

export type Warden = {
  readonly armed: Armed;
  readonly pid: number;
  /** Resolves when the kernel has taken it; throws `sensor-request` with the errno otherwise. */
  request(request: Request): Promise<void>;
  /** Resolves when the warden has ended; throws `sensor-ended` when it did so by itself. */
  readonly ended: Promise<void>;
  /** Closes the warden's input: it drains the ring, detaches everything that is not pinned, and ends. */
  stop(): Promise<void>;
};

/** Starts the warden as a child and waits until it is armed. Throws `sensor-start` with its own words when it cannot. */
export async function startWarden(options: WardenOptions): Promise<Warden> {
  const words = [...options.calls.map(callWord), ...(options.prefixes ?? []).map((prefix) => (typeof prefix === 'string' ? prefix : `${prefix.set}${prefix.path}`))];
  const child = spawn(options.program, ['run', ...pinWords(options.pins), ...words, ...(options.dns === true ? ['dns'] : []), ...(options.execDenial === true ? ['exec-deny'] : [])], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: an interrupt typed at the terminal is ours to hand on, so that the ring is drained first.
    detached: true,
  });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void said.push(text));
  const waiting = new Map<number, (result: number) => void>();
  let lastId = 0;
  let stopping = false;
  let arm: (armed: Armed) => void = () => undefined;
  const armed = new Promise<Armed>((resolve) => (arm = resolve));

  const stream = createRecordStream((record) => {
    const { header } = record;
    if (header.kind === kinds.loss) options.onLoss({ ring: header.arg0, skipped: header.arg1 });
    else if (header.kind === kinds.fault) options.onFault?.(textOf(record, tags.text) ?? '');
    else if (header.kind !== kinds.status) options.onRecord(record);
    else if (header.arg0 === 0) arm(JSON.parse(textOf(record, tags.text) ?? '{}') as Armed);
    else {
      waiting.get(header.arg0)?.(header.result);
      waiting.delete(header.arg0);
    }
  });
  child.stdout.on('data', (chunk: Buffer) => stream.push(chunk));
  child.stdin.on('error', () => undefined); // it ended; `ended` says so
  const ended = once(child, 'close').then(([code, signal]) => {
    for (const answer of waiting.values()) answer(-3);
    waiting.clear();
    if (stopping && code === 0) return;
    throw new PalisadeError('sensor-ended', `the sensor ended with ${String(code ?? signal)}: ${said.join('').trim()}`, { status: 500, retryable: true });
  });
  ended.catch(() => undefined);
  // A warden that already failed has said so by `ended`: to stop it then is no second failure.
  const stopNow = (): void => void stop().catch(() => undefined);
  if (options.signal.aborted) stopNow();
  else options.signal.addEventListener('abort', stopNow, { once: true });

  async function stop(): Promise<void> {
    if (!stopping && typeof options.pins === 'object') child.stdin.write(encodeRequest({ op: 'unpin' }, (lastId += 1)));
    stopping = true;
    child.stdin.end();
    await ended;
  }

  const state = await Promise.race([
    armed,
    once(child, 'error').then(([error]) => { throw startError(String(error)); }),
    once(child, 'close').then(() => { throw startError(said.join('').trim()); }),
  ]);
  return {
    armed: state,
    pid: child.pid ?? 0,
    ended,
    stop,
    async request(request) {
      lastId += 1;
      const id = lastId;
      const result = new Promise<number>((resolve) => waiting.set(id, resolve));
      child.stdin.write(encodeRequest(request, id));
      const code = await result;
      if (code !== 0) throw new PalisadeError('sensor-request', `the kernel refused ${request.op}: errno ${-code}`, { status: 409, detail: { errno: -code } });
    },
  };
}

function pinWords(pins: WardenOptions['pins']): readonly string[] {
  if (pins === undefined) return [];
  return typeof pins === 'string' ? ['--pin', pins] : ['--try-pin', pins.folder];
}

/** The word of the command line for one call. */
export function callWord(call: CallWanted): string {
  const letters = [call.failed === true ? 'f' : '', call.reads === true ? 'r' : call.reads === 'prefixes' ? 'p' : '', call.writes === 'prefixes' ? 'w' : '', call.containersOnly === true ? 'c' : '', call.once === true ? 'o' : ''];
  return `${call.name}:${letters.join('')}${(call.prefixSets ?? []).join('')}`;
}

function startError(message: string): PalisadeError {
  return new PalisadeError('sensor-start', `the sensor did not start: ${message}`, { status: 500 });
}

/** The fixed form of sensor/request.h. Throws `sensor-request` for text that does not fit: a cut path is another path. */
export function encodeRequest(request: Request, id: number): Buffer {
  const bytes = Buffer.alloc(requestSize);
  const text = Buffer.from(request.text ?? '');
  if (text.length >= requestSize - requestAt.text || text.includes(0)) throw new PalisadeError('sensor-request', `text of ${text.length} bytes does not fit a request`);
  bytes.writeUInt32LE(requestOps[request.op], requestAt.op);
  bytes.writeUInt32LE(request.flags ?? 0, requestAt.flags);
  bytes.writeUInt32LE(request.pid ?? 0, requestAt.pid);
  bytes.writeUInt32LE(request.signalNumber ?? 0, requestAt.signal);
  bytes.writeBigUInt64LE(BigInt(Math.trunc(request.start ?? 0)), requestAt.start);
  bytes.writeBigUInt64LE(BigInt(id), requestAt.id);
  text.copy(bytes, requestAt.text);
  return bytes;
}

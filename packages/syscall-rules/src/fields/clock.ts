/** Nanoseconds since 1970, exact. */
export function wallClock(time: number, origin: bigint): bigint {
  return origin + BigInt(Math.round(time));
}

function parts(ns: bigint): { readonly iso: string; readonly fraction: string } {
  const seconds = ns / 1_000_000_000n;
  return { iso: new Date(Number(seconds) * 1000).toISOString(), fraction: (ns % 1_000_000_000n).toString().padStart(9, '0') };
}

/** "10:20:30.123456789", UTC. */
export function clockText(ns: bigint, fraction: boolean): string {
  const time = parts(ns);
  return time.iso.slice(11, 19) + (fraction ? `.${time.fraction}` : '');
}

/** "2026-11-24 10:20:30.123456789", UTC. */
export function dateText(ns: bigint, fraction: boolean): string {
  const time = parts(ns);
  return `${time.iso.slice(0, 10)} ${time.iso.slice(11, 19)}${fraction ? `.${time.fraction}` : ''}`;
}

/** "2026-11-24T10:20:30.123456789+0000", Falco's evt.time.iso8601. */
export function isoText(ns: bigint): string {
  const time = parts(ns);
  return `${time.iso.slice(0, 19)}.${time.fraction}+0000`;
}

/** "2026-11-24T10:20:30.123456789Z", the `time` of an alert. */
export function alertTime(ns: bigint): string {
  const time = parts(ns);
  return `${time.iso.slice(0, 19)}.${time.fraction}Z`;
}

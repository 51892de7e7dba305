/** What one client may cost. Each is named in the event or gap it causes. */
export const limits = {
  /** Request line and header fields together: beyond, 431. */
  headBytes: 64 << 10,
  /** Header fields: each costs the rules a look. */
  headerFields: 256,
  /** A chunk-size line with its extensions: endless extensions are an attack on the reader. */
  chunkLineBytes: 4096,
  trailerBytes: 16 << 10,
  /** An upstream's head. */
  responseHeadBytes: 256 << 10,
  /** From the first byte of a request to the end of its head (slowloris): beyond, 408. */
  headSeconds: 10,
  /** A body has this long, and one second more for every `bodyBytesPerSecond` received: beyond, 408. */
  bodySeconds: 20,
  bodyBytesPerSecond: 1024,
  /** A kept connection without a request. */
  idleSeconds: 65,
  /** Until the upstream's head is there: beyond, 504. */
  upstreamSeconds: 60,
  connectSeconds: 5,
  /** An idle upstream connection is closed by us before most servers close it (Node: 5 s, nginx: 65 s). */
  upstreamIdleSeconds: 4,
  /** The rules of one request: beyond, the rest of them don't run, which is a gap, and in block mode 503. Ordinary requests take one. */
  ruleMilliseconds: 2000,
  /** A body sent compressed may unpack to no more than the rules may inspect, and to this many times its size. */
  decodedRatio: 200,
} as const;

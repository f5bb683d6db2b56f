/** Bounds of the intake. */
export interface IntakeLimits {
  /** Frames that may wait for the store, over all senders. */
  readonly queueFrames: number;
  readonly queueBytes: number;
  /** Frames in one append. */
  readonly batchFrames: number;
  /** Named accounts for each transport; later senders share one. */
  readonly sourcesPerTransport: number;
  /** Pause before the store is tried again, doubled up to the maximum. Milliseconds. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** How long `close` tries to make the rest durable. Milliseconds. */
  readonly closeMs: number;
}

export function intakeLimits(given: Partial<IntakeLimits> = {}): IntakeLimits {
  return {
    queueFrames: 100_000,
    queueBytes: 128 * 1024 * 1024,
    batchFrames: 4096,
    sourcesPerTransport: 2000,
    retryMinMs: 100,
    retryMaxMs: 5000,
    closeMs: 10_000,
    ...given,
  };
}

/** Bounds of the syslog listeners. */
export interface SyslogLimits {
  /** Bytes of one message; what is longer is cut there and flagged. */
  readonly lineBytes: number;
  /** Bytes of one frame that are read and thrown away after the cut before the connection is ended. */
  readonly frameBytes: number;
  readonly connections: number;
  readonly connectionsPerPeer: number;
  /** A connection that sends nothing for so long is ended. Milliseconds. */
  readonly idleMs: number;
  /** How long `close` waits for room for what was read already. Milliseconds. */
  readonly drainMs: number;
  /** The kernel's receive buffer for datagrams, bytes asked for. */
  readonly udpBufferBytes: number;
  /** Bytes of datagrams that may wait for the intake: so many urgent ones, and as many others. */
  readonly udpRingBytes: number;
}

export function syslogLimits(given: Partial<SyslogLimits> = {}): SyslogLimits {
  return {
    lineBytes: 64 * 1024,
    frameBytes: 16 * 1024 * 1024,
    connections: 1024,
    connectionsPerPeer: 256,
    idleMs: 15 * 60_000,
    drainMs: 2000,
    udpBufferBytes: 8 * 1024 * 1024,
    udpRingBytes: 16 * 1024 * 1024,
    ...given,
  };
}

/** Bounds of the HTTP collectors. */
export interface HttpLimits {
  /** Bytes of a body as it came. */
  readonly bodyBytes: number;
  /** Bytes of a body after decompression. */
  readonly expandedBytes: number;
  /** Bytes of one line or document. */
  readonly lineBytes: number;
  /** Lines or documents in one body. */
  readonly lines: number;
  /** Bytes of expanded bodies that may be worked on at once, over all requests of a handler. */
  readonly inFlightBytes: number;
  /** How long a body may take to arrive. Milliseconds. */
  readonly bodyMs: number;
  /** What a sender that must wait is told. Seconds. */
  readonly retryAfter: number;
}

export function httpLimits(given: Partial<HttpLimits> = {}): HttpLimits {
  return {
    bodyBytes: 16 * 1024 * 1024,
    expandedBytes: 64 * 1024 * 1024,
    lineBytes: 1024 * 1024,
    lines: 50_000,
    inFlightBytes: 256 * 1024 * 1024,
    bodyMs: 60_000,
    retryAfter: 1,
    ...given,
  };
}

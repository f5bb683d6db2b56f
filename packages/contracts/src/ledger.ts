import { z } from 'zod';

/**
 * The account of one source. INVARIANT: received = kept + refused + dropped + pending, at every moment.
 */
export const SourceLedger = z
  .strictObject({
    source: z.string(),
    transport: z.enum(['syslog-udp', 'syslog-tcp', 'syslog-tls', 'http', 'bulk', 'mqtt', 'internal']),
    received: z.number().int(),
    /** Of those kept, how many a parser understood; the rest were kept raw. */
    parsed: z.number().int(),
    kept: z.number().int(),
    /** Turned away with an answer that the sender could read. */
    refused: z.number().int(),
    /** Lost without the sender knowing (a datagram that came when the queue was full). */
    dropped: z.number().int(),
    /** Received and not yet durable. */
    pending: z.number().int(),
    /** Why, by reason: `line-too-long`, `queue-full`, `store-failed`, ... */
    reasons: z.record(z.string(), z.number().int()).readonly(),
    bytes: z.number().int(),
    firstSeen: z.number(),
    lastSeen: z.number(),
  })
  .readonly();
export type SourceLedger = z.infer<typeof SourceLedger>;

/** How fast a source speaks, in frames a minute. */
export const SourceRate = z
  .strictObject({
    source: z.string(),
    /** The usual rate; null while it is being learnt. */
    expected: z.number().nullable(),
    /** Since the last check. */
    observed: z.number(),
    silent: z.boolean(),
    /** The rates of the last checks, about one a minute, oldest first. */
    history: z.array(z.number()).readonly(),
  })
  .readonly();
export type SourceRate = z.infer<typeof SourceRate>;

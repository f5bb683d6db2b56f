import { recordKind } from '@kydai/contracts';
import { z } from 'zod';

/** Delivery methods of SSF 1.0: RFC 8935 and RFC 8936. */
export const pushDelivery = 'urn:ietf:rfc:8935';
export const pollDelivery = 'urn:ietf:rfc:8936';

export const StreamStatus = z.enum(['enabled', 'paused', 'disabled']);

/** One receiver's subscription. */
export const SsfStream = z.strictObject({
  id: z.string(),
  /** The actor that made it, who alone may see and change it. */
  owner: z.string(),
  method: z.enum([pushDelivery, pollDelivery]),
  endpoint: z.string().optional(),
  /** `Authorization` of pushes; never shown again. */
  authorization: z.string().optional(),
  requested: z.array(z.string()).readonly(),
  description: z.string().optional(),
  status: StreamStatus,
  statusReason: z.string().optional(),
  created: z.number(),
  /** Events that were dropped because the receiver stayed away for too many of them. */
  lost: z.number().int(),
});
export type SsfStream = z.infer<typeof SsfStream>;

export const ssfStreams = recordKind<SsfStream>({
  name: 'ssf_streams',
  schema: SsfStream,
  key: (stream) => stream.id,
  indexes: { owner: (stream) => stream.owner },
});

/** A signed SET that its receiver has not acknowledged. Keys are UUIDv7, so their order is that of the events. */
const HeldSet = z.strictObject({ jti: z.string(), stream: z.string(), set: z.string() });
export const ssfHeldSets = recordKind<z.infer<typeof HeldSet>>({
  name: 'ssf_held_sets',
  schema: HeldSet,
  key: (held) => held.jti,
  indexes: { stream: (held) => held.stream },
});

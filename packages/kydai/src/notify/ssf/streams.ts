import { recordKind } from '@kydai/contracts';
import { z } from 'zod';
import { SubjectId } from './subject.ts';

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
  /** Subjects of whom the receiver does not want to hear; of all others it does. */
  removed: z.array(SubjectId).readonly().default([]),
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

/** Who a SET is meant for: the stream's owner, the same over all restarts. */
export function audienceOf({ owner }: SsfStream): string {
  return owner;
}

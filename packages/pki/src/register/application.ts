import { recordKind } from '@kydai/contracts';
import { z } from 'zod';

/** A request that came without any proof and waits for a person (RFC 7030 section 4.2.3, status 202). */
export const Application = z
  .strictObject({
    /** SHA-256 of the request, hex: the device collects by sending the same request again. */
    id: z.string(),
    /** The common name that it asks for. */
    device: z.string(),
    keyType: z.string(),
    address: z.string(),
    /** Base64 DER of the request. */
    csr: z.string(),
    applied: z.number(),
    expires: z.number(),
    decided: z
      .strictObject({ at: z.number(), by: z.string(), approved: z.boolean(), comment: z.string() })
      .readonly()
      .optional(),
    /** What it got, once collected. */
    serial: z.string().optional(),
  })
  .readonly();
export type Application = z.infer<typeof Application>;

export const applications = recordKind<Application>({
  name: 'enrolment_applications',
  schema: Application,
  key: (value) => value.id,
  indexes: {
    device: (value) => value.device,
    applied: (value) => value.applied,
    expires: (value) => value.expires,
    waiting: (value) => value.decided === undefined,
  },
});

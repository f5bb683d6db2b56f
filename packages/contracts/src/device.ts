import { z } from 'zod';

/** `ot` (operational technology) is never contained without a person. */
export const DeviceKind = z.enum([
  'camera',
  'sensor',
  'traffic-controller',
  'siren',
  'water-controller',
  'gateway',
  'other',
]);
export type DeviceKind = z.infer<typeof DeviceKind>;

/** One line of the asset register. `id` is the certificate's common name and the policy engine's entity id. */
export const Device = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/),
    kind: DeviceKind,
    zone: z.string().min(1).max(64),
    operationalTechnology: z.boolean(),
    quarantined: z.boolean(),
    /** Why it is quarantined, for the people who look at it. */
    quarantineReason: z.string().optional(),
    /** 0 (trusted) to 100; fed by detections. */
    risk: z.number().int().min(0).max(100),
    addresses: z.array(z.string()).readonly(),
    enrolled: z.number(),
    lastSeen: z.number().optional(),
    drill: z.boolean(),
  })
  .readonly();
export type Device = z.infer<typeof Device>;

export const CertificateStatus = z.enum(['valid', 'revoked', 'expired']);

/** RFC 5280 section 5.3.1, by name. */
export const RevocationReason = z.enum([
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
]);
export type RevocationReason = z.infer<typeof RevocationReason>;

/** The record without which a certificate does not exist. */
export const Certificate = z
  .strictObject({
    /** Lower-case hex, no leading zeros beyond one byte's worth. */
    serial: z.string(),
    /** Id of the issuing CA: `device-ca-1`. */
    issuer: z.string(),
    profile: z.string(),
    /** The entity id it names: a device's, a service's, a user's. */
    subject: z.string(),
    names: z.array(z.string()).readonly(),
    keyType: z.string(),
    /** SHA-256 of the SubjectPublicKeyInfo, hex. */
    keyDigest: z.string(),
    /** SHA-256 of the certificate, hex. */
    fingerprint: z.string(),
    notBefore: z.number(),
    notAfter: z.number(),
    issued: z.number(),
    /** Who asked, and by what proof: `token:<id>`, `certificate:<serial>`, `user:<id>`. */
    requester: z.string(),
    /** SHA-256 of the request (PKCS#10) that it answers, hex: sent again, the request gets this certificate. */
    request: z.string().optional(),
    revoked: z.strictObject({ at: z.number(), reason: RevocationReason, by: z.string() }).optional(),
    /** The certificate, base64 DER. */
    der: z.string(),
  })
  .readonly();
export type Certificate = z.infer<typeof Certificate>;

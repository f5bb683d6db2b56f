import { Certificate, Device, recordKind } from '@kydai/contracts';
import { z } from 'zod';
import { applications } from './application.ts';
import { manufacturedDevices } from './manufactured.ts';
import { revocationPages } from './revocation-page.ts';
import { primeSearches, rsaKeyPages, sharedPrimes } from './rsa-keys.ts';

/** Every certificate that was ever issued, authorities included. */
export const certificates = recordKind<Certificate>({
  name: 'certificates',
  schema: Certificate,
  key: (value) => value.serial,
  indexes: {
    issuer: (value) => value.issuer,
    profile: (value) => value.profile,
    subject: (value) => value.subject,
    keyDigest: (value) => value.keyDigest,
    issued: (value) => value.issued,
    notAfter: (value) => value.notAfter,
    revokedAt: (value) => value.revoked?.at ?? null,
  },
  lean: ['issuer', 'profile', 'subject', 'keyDigest', 'revokedAt'],
});

/** The asset register. */
export const devices = recordKind<Device>({
  name: 'devices',
  schema: Device,
  key: (value) => value.id,
  indexes: {
    id: (value) => value.id,
    kind: (value) => value.kind,
    zone: (value) => value.zone,
    operationalTechnology: (value) => value.operationalTechnology,
    quarantined: (value) => value.quarantined,
    risk: (value) => value.risk,
    enrolled: (value) => value.enrolled,
    lastSeen: (value) => value.lastSeen ?? null,
    drill: (value) => value.drill,
  },
});

export const EnrolmentToken = z
  .strictObject({
    /** First 12 hex digits of the hash: names the token in logs and requesters without giving it away. */
    id: z.string(),
    /** SHA-256 of the token, hex. The token itself is kept nowhere. */
    hash: z.string(),
    device: z.string(),
    by: z.string(),
    created: z.number(),
    expires: z.number(),
    /** The one use: the digest of the request and the serial of what it got. */
    used: z.strictObject({ at: z.number(), request: z.string(), serial: z.string() }).readonly().optional(),
  })
  .readonly();
export type EnrolmentToken = z.infer<typeof EnrolmentToken>;

export const enrolmentTokens = recordKind<EnrolmentToken>({
  name: 'enrolment_tokens',
  schema: EnrolmentToken,
  key: (value) => value.hash,
  indexes: {
    device: (value) => value.device,
    expires: (value) => value.expires,
    usedAt: (value) => value.used?.at ?? null,
  },
  lean: ['device', 'expires', 'usedAt'],
});

export const AuthorityRecord = z
  .strictObject({
    /** `<role>-<generation>`; also the name of its key. */
    id: z.string(),
    role: z.enum(['root', 'device-ca', 'service-ca']),
    generation: z.number().int(),
    serial: z.string(),
    /** Base64 DER. */
    der: z.string(),
    created: z.number(),
    /** The key is not here: it signs at ceremonies. */
    offline: z.boolean().optional(),
    /** A root that is not ours, such as a national one. */
    external: z.boolean().optional(),
    /** Certificates of others between it and the root, the nearest first, base64 DER. */
    chain: z.array(z.string()).readonly().optional(),
  })
  .readonly();
export type AuthorityRecord = z.infer<typeof AuthorityRecord>;

export const authorities = recordKind<AuthorityRecord>({
  name: 'authorities',
  schema: AuthorityRecord,
  key: (value) => value.id,
  indexes: { role: (value) => value.role, generation: (value) => value.generation },
});

/** A certificate whose key we hold ourselves: the TLS listener's, an OCSP responder's. */
export const Credential = z
  .strictObject({
    purpose: z.string(),
    generation: z.number().int(),
    serial: z.string(),
    names: z.array(z.string()).readonly(),
    notBefore: z.number(),
    notAfter: z.number(),
    /** Base64 DER. */
    der: z.string(),
  })
  .readonly();
export type Credential = z.infer<typeof Credential>;

export const credentials = recordKind<Credential>({
  name: 'credentials',
  schema: Credential,
  key: (value) => value.purpose,
  indexes: { notAfter: (value) => value.notAfter },
});

/** The newest CRL of one scope, an authority or one shard of it. Its bytes are built anew after a start. */
export const PublishedCrl = z
  .strictObject({
    /** `<authority>` or `<authority>/<shard>`. */
    scope: z.string(),
    number: z.number().int(),
    thisUpdate: z.number(),
    nextUpdate: z.number(),
    entries: z.number().int(),
    /** The CRL that the delta builds upon: its number and when it was made. */
    base: z.strictObject({ number: z.number().int(), at: z.number() }).readonly(),
  })
  .readonly();
export type PublishedCrl = z.infer<typeof PublishedCrl>;

export const publishedCrls = recordKind<PublishedCrl>({
  name: 'published_crls',
  schema: PublishedCrl,
  key: (value) => value.scope,
  indexes: { nextUpdate: (value) => value.nextUpdate },
});

/** The CRL of a root whose key is elsewhere, as a ceremony made it. */
export const ImportedCrl = z
  .strictObject({ issuer: z.string(), der: z.string(), thisUpdate: z.number(), nextUpdate: z.number() })
  .readonly();
export type ImportedCrl = z.infer<typeof ImportedCrl>;

export const importedCrls = recordKind<ImportedCrl>({
  name: 'imported_crls',
  schema: ImportedCrl,
  key: (value) => value.issuer,
  indexes: { nextUpdate: (value) => value.nextUpdate },
});

/** Every kind of record that this package keeps; the store makes a table of each. */
export const pkiRecordKinds = [
  certificates,
  devices,
  enrolmentTokens,
  revocationPages,
  authorities,
  credentials,
  publishedCrls,
  importedCrls,
  applications,
  manufacturedDevices,
  rsaKeyPages,
  primeSearches,
  sharedPrimes,
] as const;

import { z } from 'zod';
import { AuditEntry } from './audit.ts';
import { Certificate, Device, DeviceKind } from './device.ts';

/** The bodies of the HTTP API of the certificate authority and of the proofs of the audit log. */

/** A request for a certificate that came without proof and waits for a person. */
export const ApplicationView = z.object({
  /** SHA-256 of the request, hex. */
  id: z.string(),
  device: z.string(),
  keyType: z.string(),
  address: z.string(),
  applied: z.number(),
  expires: z.number(),
  /** Whether the register knows the device; otherwise an approval must say its kind and zone. */
  registered: z.boolean(),
});
export type ApplicationView = z.infer<typeof ApplicationView>;
export const ApplicationsView = z.object({ items: z.array(ApplicationView) });

export const ApplicationVerdictBody = z.strictObject({
  approved: z.boolean(),
  comment: z.string().max(4000).default(''),
  kind: DeviceKind.optional(),
  zone: z.string().min(1).max(64).optional(),
});

/** One certificate authority of ours: its key's place, its end, and how fresh its CRL is. */
export const AuthorityView = z.object({
  id: z.string(),
  role: z.string(),
  generation: z.number().int(),
  serial: z.string(),
  subject: z.string(),
  fingerprint: z.string(),
  keyType: z.string(),
  notBefore: z.number(),
  notAfter: z.number(),
  /** The newest of its role issues; those before answer for what they issued. */
  issuing: z.boolean(),
  offline: z.boolean(),
  issued: z.number().int(),
  revoked: z.number().int(),
  /** The newest CRL over everything that it issued; null where none was made yet. */
  crl: z.object({ number: z.number().int(), thisUpdate: z.number(), nextUpdate: z.number() }).nullable(),
});
export type AuthorityView = z.infer<typeof AuthorityView>;
export const AuthoritiesView = z.object({ items: z.array(AuthorityView) });

/** The token (PKCS#11) that holds the keys of the authorities, and how it does. */
export const TokenHealth = z.object({
  label: z.string(),
  /** `refused`: it refused our PIN, which is not tried again; `unavailable`: tried again with growing pauses. */
  state: z.enum(['ready', 'starting', 'unavailable', 'refused']),
  /** Since when it is in this state. */
  since: z.number(),
  /** Signatures that wait for it, and how often its process ended unasked since the program began. */
  waiting: z.number().int(),
  crashes: z.number().int(),
  /** The last thing that went wrong; null where nothing did. */
  fault: z.string().nullable(),
});
export type TokenHealth = z.infer<typeof TokenHealth>;

/** Kinds of trouble with the authority; the console has a sentence for each. */
export const PkiProblemCode = z.enum([
  'token-unavailable',
  'pin-refused',
  'authority-ended',
  'authority-ends-soon',
  'list-stale',
  'list-not-imported',
  'responder-ended',
  'shared-prime',
]);
export type PkiProblemCode = z.infer<typeof PkiProblemCode>;

/** How fresh what the authority publishes is, where its keys are, and what a person must see to. Times: epoch ms. */
export const PkiHealthView = z.object({
  at: z.number(),
  /** Null where all keys are in encrypted files. */
  token: TokenHealth.nullable(),
  authorities: z.array(
    z.object({
      id: z.string(),
      /** The newest of its role issues. */
      issuing: z.boolean(),
      key: z.enum(['file', 'token', 'offline']),
      keyType: z.string(),
      notAfter: z.number(),
      /** The lists that it publishes: one over everything, and shards; null where none was made yet. */
      lists: z
        .object({
          count: z.number().int(),
          /** Entries in the list over everything; null where only shards were made. */
          entries: z.number().int().nullable(),
          /** Of the oldest list: when it was made and until when it counts. */
          thisUpdate: z.number(),
          nextUpdate: z.number(),
          /** Of the oldest delta: when the list was made that it builds upon. */
          deltaSince: z.number(),
        })
        .nullable(),
      /** Its OCSP responder: until when its certificate counts, and where its key is; null where it has none yet. */
      responder: z
        .object({
          notAfter: z.number(),
          key: z.enum(['file', 'token']),
          /** Answers that are signed ahead, and when the oldest of them was signed. */
          answers: z.number().int(),
          oldestAnswer: z.number().nullable(),
        })
        .nullable(),
    }),
  ),
  /** What a person must see to, the worst first; empty when nothing is. */
  problems: z.array(
    z.object({
      code: PkiProblemCode,
      level: z.enum(['critical', 'warning']),
      /** Id of the authority, label of the token, or serial numbers of certificates. */
      subject: z.string(),
      /** When it became or becomes so. */
      at: z.number(),
    }),
  ),
});
export type PkiHealthView = z.infer<typeof PkiHealthView>;

/** When certificates will be renewed and when they end, by zone. Lists have one number a day, from `at` on. */
export const ForecastView = z.object({
  at: z.number(),
  days: z.number().int(),
  zones: z.array(
    z.object({
      /** Empty for services and people, which are in no zone. */
      zone: z.string(),
      /** Holders of a good certificate. */
      subjects: z.number().int(),
      renewals: z.array(z.number().int()).readonly(),
      /** What ends on the day unless it is renewed before. */
      expiries: z.array(z.number().int()).readonly(),
      /** Whose renewal window has passed without a renewal. */
      overdue: z.number().int(),
      /** Who let the last certificate end in the past thirty days. */
      lapsed: z.number().int(),
    }),
  ),
  /** Renewals in each of the next 48 hours, over all zones. */
  hours: z.array(z.number().int()).readonly(),
});
export type ForecastView = z.infer<typeof ForecastView>;

/** What would break if a certificate was revoked. */
export const ImpactView = z.object({
  certificate: Certificate,
  device: Device.nullable(),
  /** Other certificates of the same subject that stay good. */
  remaining: z.number().int(),
  /** For an authority: certificates below it that are good now, and of how many devices. */
  below: z.object({ certificates: z.number().int(), subjects: z.number().int() }),
  /** Handshakes and readings of the device in the last 24 hours, and its addresses. */
  use: z.object({
    handshakes: z.number().int(),
    readings: z.number().int(),
    addresses: z.array(z.string()),
  }),
  /** Whether the policies let the device publish now. */
  publishesNow: z.boolean(),
  /** Numbers of open incidents that name the device. */
  incidents: z.array(z.string()),
  /** What the policies allow now and would deny, to the device and to whoever works with it; `complete` where all are told. */
  grants: z.object({
    lost: z.array(z.object({ principal: z.string(), action: z.string(), resource: z.string() })),
    complete: z.boolean(),
  }),
  /** Sessions of the person that the certificate names. */
  sessions: z.number().int(),
  /** Ids of declared services that it names. */
  services: z.array(z.string()),
  /** Paths behind proxies of ours that take the device's certificate. */
  proxies: z.array(z.string()),
  /** Readings of the last 24 hours that were sealed for its key. */
  sealed: z.number().int(),
  /** What would stop, in sentences. */
  consequences: z.array(z.string()),
});
export type ImpactView = z.infer<typeof ImpactView>;

export const RolloverBody = z.strictObject({ role: z.enum(['root', 'device-ca', 'service-ca']) });
export const RolloverView = z.object({ id: z.string() });

const IssuingRole = z.enum(['device-ca', 'service-ca']);
/** The request for the next generation of an authority, to be signed where the root's key is. */
export const NextRequestBody = z.strictObject({ role: IssuingRole });
export const NextRequestView = z.object({ id: z.string(), request: z.string() });
/** What was signed for it, PEM, and the certificates between it and the root. */
export const NextCertificateBody = z.strictObject({
  role: IssuingRole,
  certificate: z.string().max(65_536),
  chain: z.string().max(262_144).default(''),
});
export const ImportedAuthorityView = z.object({
  id: z.string(),
  path: z.array(z.string()),
  notAfter: z.number(),
});
/** A certificate that an operator asks for, with the request for it, PEM. A device is put into the register. */
export const IssueBody = z.discriminatedUnion('profile', [
  z.strictObject({
    profile: z.literal('device'),
    subject: z.string().min(1).max(64),
    request: z.string().max(20_000),
    kind: DeviceKind.default('other'),
    zone: z.string().min(1).max(64).default('default'),
  }),
  z.strictObject({
    profile: z.enum(['service', 'staff']),
    subject: z.string().min(1).max(64),
    request: z.string().max(20_000),
  }),
]);
/** The certificate and those above it, base64 DER. */
export const IssuedView = z.object({ serial: z.string(), notAfter: z.number(), chain: z.array(z.string()) });

/** A CRL of a root whose key is elsewhere, base64 DER. */
export const RootCrlBody = z.strictObject({ crl: z.base64().max(4_194_304) });

export const ManufacturedBody = z.strictObject({
  manufacturer: z.string().min(1).max(40),
  hardwareSerial: z.string().min(1).max(64),
  deviceId: z.string().min(1).max(64),
  kind: DeviceKind,
  zone: z.string().min(1).max(64),
});

export const CheckpointView = z.object({
  size: z.number().int(),
  root: z.string(),
  at: z.number(),
  signature: z.string(),
});

/** That an entry is in the log: everything that is needed to check it without the log. */
export const InclusionView = z.object({
  index: z.number().int(),
  entry: AuditEntry,
  /** Audit path, hex (RFC 9162 section 2.1.3). */
  proof: z.array(z.string()),
  checkpoint: CheckpointView,
  publicKeyPem: z.string(),
});
export type InclusionView = z.infer<typeof InclusionView>;
export const InclusionsView = z.object({ items: z.array(InclusionView) });

/** That the log of one size is the beginning of the log of another. */
export const ConsistencyView = z.object({
  from: z.number().int(),
  to: z.number().int(),
  /** Hex (RFC 9162 section 2.1.4). */
  proof: z.array(z.string()),
  /** Of the log of size `to`. */
  checkpoint: CheckpointView,
  publicKeyPem: z.string(),
});
export type ConsistencyView = z.infer<typeof ConsistencyView>;

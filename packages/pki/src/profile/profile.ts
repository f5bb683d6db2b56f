import { z } from 'zod';
import { PkiError } from '../error.ts';
import { keyUsages } from '../x509/extension.ts';
import { generalNameKinds } from '../x509/general-name.ts';
import { Oid } from '../x509/oids.ts';
import { ConstrainedNames } from './constrained-names.ts';

const purposes = {
  clientAuth: Oid.clientAuth,
  serverAuth: Oid.serverAuth,
  ocspSigning: Oid.ocspSigning,
} as const;

export const Purpose = z.enum(['clientAuth', 'serverAuth', 'ocspSigning']);
export type Purpose = z.infer<typeof Purpose>;

/** Object identifiers of a profile's purposes. */
export function purposeOids(profile: Profile): string[] {
  return profile.purposes.map((purpose) => purposes[purpose]);
}

const usages = z.array(z.enum(keyUsages)).min(1).readonly();

/** What a kind of certificate may say and for how long it lasts. Data: a change of profile is a change of this only. */
export const Profile = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{1,40}$/),
    /** Role of the authority that issues it; `self` for the root. */
    issuer: z.enum(['self', 'root', 'device-ca', 'service-ca']),
    /** Of authorities that issue to others: which of them it is for. */
    role: z.enum(['device-ca', 'service-ca']).optional(),
    days: z.number().positive().max(36_525),
    /** How far before the time of issue it begins, for devices whose clock is behind. */
    backdateMinutes: z.number().min(0).max(1440),
    /** Accepted key types; RSA by its least number of bits. */
    keyTypes: z
      .array(
        z.enum([
          'EC-P256',
          'EC-P384',
          'Ed25519',
          'RSA-2048',
          'RSA-3072',
          'ML-DSA-44',
          'ML-DSA-65',
          'ML-DSA-87',
        ]),
      )
      .min(1)
      .readonly(),
    /** Keys of ML-DSA sign and no more, as those of Ed25519 (RFC 9881 section 5). */
    keyUsage: z
      .strictObject({ ec: usages, ed25519: usages, rsa: usages, 'ml-dsa': usages.optional() })
      .transform((each) => ({ ...each, 'ml-dsa': each['ml-dsa'] ?? each.ed25519 }))
      .readonly(),
    purposes: z.array(Purpose).readonly(),
    /** Kinds of alternative name that may stand in it; empty: it has none. */
    names: z.array(z.enum(generalNameKinds)).readonly(),
    /** Present for authorities. */
    authority: z
      .strictObject({ pathLength: z.number().int().min(0).max(5) })
      .readonly()
      .optional(),
    /**
     * For authorities: what they may name (RFC 5280 section 4.2.1.10), anything unless told. `kept`: what the
     * certificate says of which this is another.
     */
    nameConstraints: z.union([z.literal('kept'), ConstrainedNames]).optional(),
    /** RFC 6960 section 4.2.2.2.1: a responder's certificate is not checked for revocation itself. */
    ocspNoCheck: z.boolean(),
    /** RFC 9608: there is no revocation, because it lasts a day at most. */
    noRevocation: z.boolean().default(false),
  })
  .readonly();
export type Profile = z.infer<typeof Profile>;

/** Reads a profile from data; `bad-setting` names the place that is wrong. */
export function readProfile(value: unknown): Profile {
  const parsed = Profile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new PkiError(
      'bad-setting',
      `profile: \`${issue?.path.join('.')}\`: ${issue?.message.toLowerCase()}`,
    );
  }
  const profile = parsed.data;
  if (profile.ocspNoCheck !== profile.purposes.includes('ocspSigning')) {
    throw new PkiError(
      'bad-setting',
      `profile \`${profile.id}\`: ocspNoCheck goes with ocspSigning and only with it`,
    );
  }
  if (profile.authority === undefined && profile.nameConstraints !== undefined) {
    throw new PkiError(
      'bad-setting',
      `profile \`${profile.id}\`: name constraints are for authorities (RFC 5280 section 4.2.1.10)`,
    );
  }
  if (
    profile.noRevocation &&
    (profile.authority !== undefined || profile.days * 1440 + profile.backdateMinutes > 1440)
  ) {
    throw new PkiError(
      'bad-setting',
      `profile \`${profile.id}\`: without revocation a certificate lasts a day at most`,
    );
  }
  return profile;
}

/** Whether a key of this type may be in a certificate of this profile. */
export function acceptsKey(
  profile: Profile,
  key: { readonly family: string; readonly keyType: string; readonly size: number },
): boolean {
  if (key.family !== 'rsa') return (profile.keyTypes as readonly string[]).includes(key.keyType);
  return profile.keyTypes.some((type) => type.startsWith('RSA-') && key.size >= Number(type.slice(4)));
}

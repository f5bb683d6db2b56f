import { hash, randomFillSync } from 'node:crypto';
import type { Certificate } from '@kydai/contracts';
import type { Signer } from '../keys/signer.ts';
import { lint } from '../lint/lint.ts';
import type { Profile } from '../profile/profile.ts';
import { purposeOids } from '../profile/profile.ts';
import { signCertificate } from '../sign/sign.ts';
import { encodeTbsCertificate, serialToHex } from '../x509/certificate.ts';
import { type Extension, extension, kept } from '../x509/extension.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { authorityKeyIdentifierOf } from '../x509/key-identifier.ts';
import { toBase64 } from '../x509/pem.ts';
import { type KeyFamily, keyDigest, keyIdentifier, type PublicKey } from '../x509/public-key.ts';
import { certificatesPerShard, type Issuer } from './desk.ts';
import type { AccessUrls } from './urls.ts';

/** A certificate that is wanted, all decisions made. */
export interface Draft {
  readonly profile: Profile;
  /** Entity id for the record. */
  readonly subject: string;
  /** Name, DER. */
  readonly subjectName: Uint8Array;
  readonly names: readonly GeneralName[];
  readonly publicKey: PublicKey;
  readonly requester: string;
  /** Digest of the request that it answers, where there was one. */
  readonly request?: string;
  /** Epoch milliseconds of issue. */
  readonly now: number;
  readonly nameConstraints?: Extension;
}

/**
 * Writes, lints and signs. What it returns does not exist yet for anyone else: the caller commits the record and only
 * then lets the bytes out.
 */
export async function makeCertificate(
  draft: Draft,
  issuer: Issuer | { readonly self: Signer; readonly id: string },
  urls: AccessUrls,
): Promise<Certificate> {
  const { profile, publicKey, now } = draft;
  const authority = 'self' in issuer ? undefined : issuer;
  const signer = 'self' in issuer ? issuer.self : issuer.signer;
  const seconds = (at: number): number => Math.floor(at / 1000) * 1000;
  const above = authority?.certificate;
  const notBefore = Math.max(seconds(now - profile.backdateMinutes * 60_000), above?.notBefore ?? 0);
  const notAfter = Math.min(
    seconds(now + profile.days * 86_400_000),
    above?.notAfter ?? Number.POSITIVE_INFINITY,
  );
  const serial = newSerial();
  const tbs = encodeTbsCertificate({
    serial,
    signature: signer.algorithm,
    issuer: above?.subject.der ?? draft.subjectName,
    notBefore,
    notAfter,
    subject: draft.subjectName,
    publicKey: publicKey.spki,
    extensions: extensionsOf(draft, authority, urls),
  });
  const der = await signCertificate(lint(tbs, profile, above), signer);
  return {
    serial: serialToHex(Buffer.concat([Buffer.of(0), serial])),
    issuer: issuer.id,
    profile: profile.id,
    subject: draft.subject,
    names: draft.names.map(({ text }) => text),
    keyType: publicKey.keyType,
    keyDigest: keyDigest(publicKey),
    fingerprint: hash('sha256', der, 'hex'),
    notBefore,
    notAfter,
    issued: now,
    requester: draft.requester,
    ...(draft.request === undefined ? {} : { request: draft.request }),
    der: toBase64(der),
  };
}

const pool = new Uint8Array(4096);
let used = pool.length;

/** 128 random bits, taken out of a store of them: asking the system for each costs more than the rest of a serial. */
function newSerial(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.slice(used - 16, used);
}

function extensionsOf(draft: Draft, issuer: Issuer | undefined, urls: AccessUrls): Extension[] {
  const { profile, publicKey } = draft;
  const list: Extension[] = [...usagesOf(profile, publicKey.family)];
  if (draft.names.length > 0) list.push(extension.subjectAltName(draft.names, false));
  list.push(extension.subjectKeyIdentifier(keyIdentifier(publicKey)));
  if (issuer !== undefined) list.push(...pointers(profile, issuer, urls));
  if (draft.nameConstraints !== undefined) list.push(draft.nameConstraints);
  if (profile.ocspNoCheck) list.push(extension.ocspNoCheck());
  return list;
}

const usages = new WeakMap<Profile, Map<KeyFamily, readonly Extension[]>>();

/** What a profile says of every certificate for a kind of key. */
function usagesOf(profile: Profile, family: KeyFamily): readonly Extension[] {
  const families = usages.get(profile) ?? new Map<KeyFamily, readonly Extension[]>();
  usages.set(profile, families);
  const known = families.get(family);
  if (known !== undefined) return known;
  const { authority } = profile;
  const list = [
    extension.basicConstraints(authority !== undefined, authority?.pathLength),
    extension.keyUsage(profile.keyUsage[family]),
    ...(profile.purposes.length > 0 ? [extension.extendedKeyUsage(purposeOids(profile))] : []),
  ].map(kept);
  families.set(family, list);
  return list;
}

interface Pointers {
  readonly shard: number | undefined;
  readonly extensions: readonly Extension[];
}

const pointersTo = new WeakMap<Issuer, Map<Profile, Pointers>>();

/** Where certificates say that their issuer and its revocations are found: the same for all of one shard. */
function pointers(profile: Profile, issuer: Issuer, urls: AccessUrls): readonly Extension[] {
  // The few certificates of a root need no shards and no responder.
  const leaf = profile.authority === undefined;
  const sharded = leaf && !profile.ocspNoCheck && !profile.noRevocation;
  const shard = sharded ? Math.floor(issuer.issued++ / certificatesPerShard) : undefined;
  const profiles = pointersTo.get(issuer) ?? new Map<Profile, Pointers>();
  pointersTo.set(issuer, profiles);
  const known = profiles.get(profile);
  if (known !== undefined && known.shard === shard) return known.extensions;
  const extensions = [authorityKeyIdentifierOf(issuer.certificate)];
  if (profile.noRevocation) extensions.push(extension.noRevAvail());
  else if (!profile.ocspNoCheck) {
    extensions.push(
      extension.crlDistributionPoint(urls.crl(issuer.id, shard)),
      extension.authorityInfoAccess(leaf ? urls.ocsp : undefined, urls.issuer(issuer.id)),
    );
  }
  const made = { shard, extensions: extensions.map(kept) };
  profiles.set(profile, made);
  return made.extensions;
}

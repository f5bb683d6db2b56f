import { createHash, type KeyObject } from 'node:crypto';
import type { Certificate, Clock, Decide, RecordStore, Signals } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { Signer } from '../keys/signer.ts';
import type { PrimeWatch } from '../primes/watch.ts';
import { type AuthorityRecord, certificates } from '../register/kinds.ts';
import { type ParsedCertificate, readCertificate } from '../x509/certificate.ts';
import { sameName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { toBase64, toPem } from '../x509/pem.ts';
import { importPublicKey, readPublicKey } from '../x509/public-key.ts';
import type { AccessUrls } from './urls.ts';

/** An authority whose key we hold, ready to issue. */
export interface Issuer {
  readonly id: string;
  readonly role: AuthorityRecord['role'];
  readonly generation: number;
  readonly der: Uint8Array;
  readonly certificate: ParsedCertificate;
  readonly signer: Signer;
  /** Its public key, to check what claims to be its work. */
  readonly verifier: KeyObject;
  /** As OCSP requests name it: `<hash oid>:<name hash>:<key hash>`. */
  readonly ocspNames: readonly string[];
  /** SHA-1 of its key bits, hex. */
  readonly keyHash: string;
  /** Its key is elsewhere. */
  readonly offline: boolean;
  /** A root that is not ours. */
  readonly external: boolean;
  /** Certificates of others between it and the root, the nearest first. */
  readonly chain: readonly Uint8Array[];
  /** Certificates issued so far, by our count: decides the shard of the next. */
  issued: number;
}

/** What the acts of an authority share. */
export interface Desk {
  readonly records: RecordStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly decide: Decide;
  readonly signals: Signals | undefined;
  readonly urls: AccessUrls;
  readonly organization: string;
  /** By id, newest generation of each role last. */
  readonly issuers: Map<string, Issuer>;
  /** Authorities signed by another generation of their role, DER. */
  readonly crosses: Uint8Array[];
  /** Digests of client certificates whose signature was verified. */
  readonly verified: Set<string>;
  readonly primes: PrimeWatch;
  /** How long after its end a certificate may still prove a renewal, milliseconds. */
  readonly renewalGrace: number;
}

/** Certificates to a shard: its CRL stays under 2,000 entries even when every one of them is revoked. */
export const certificatesPerShard = 1_999;

export function makeIssuer(record: AuthorityRecord, signer: Signer, issued: number): Issuer {
  const der = Buffer.from(record.der, 'base64');
  const certificate = readCertificate(der);
  const key = readPublicKey(certificate.publicKey);
  if (Buffer.compare(signer.publicKey.spki, key.spki) !== 0) {
    throw new PkiError(
      'key-mismatch',
      `key \`${record.id}\` is not that of its certificate; restore both from one backup`,
    );
  }
  const digest = (hash: string, data: Uint8Array): string => createHash(hash).update(data).digest('hex');
  const named = (oid: string, hash: string): string =>
    `${oid}:${digest(hash, certificate.subject.der)}:${digest(hash, key.bits)}`;
  return {
    id: record.id,
    role: record.role,
    generation: record.generation,
    der,
    certificate,
    signer,
    verifier: importPublicKey(key),
    ocspNames: [named(Oid.sha1, 'sha1'), named(Oid.sha256, 'sha256')],
    keyHash: digest('sha1', key.bits),
    offline: record.offline === true,
    external: record.external === true,
    chain: (record.chain ?? []).map((each) => Buffer.from(each, 'base64')),
    issued,
  };
}

/** By exact id (`device-ca-1`), or by role (`device-ca`) the newest generation. `unknown-issuer` otherwise. */
export function issuerOf(desk: Desk, idOrRole: string): Issuer {
  const exact = desk.issuers.get(idOrRole);
  if (exact !== undefined) return exact;
  let newest: Issuer | undefined;
  for (const issuer of desk.issuers.values()) {
    if (issuer.role === idOrRole && issuer.generation > (newest?.generation ?? 0)) newest = issuer;
  }
  if (newest !== undefined) return newest;
  throw new PkiError(
    'unknown-issuer',
    `there is no authority \`${idOrRole.slice(0, 80).replace(/\p{C}/gu, '?')}\``,
  );
}

const standingLasts = 1000;

/** Which authorities were found revoked or not, and when. A revocation here puts a new map in its place. */
const standings = new WeakMap<Desk, Map<string, { readonly at: number; readonly revoked: boolean }>>();

/** To be called when anything was revoked. */
export function forgetStandings(desk: Desk): void {
  standings.delete(desk);
}

/**
 * Whether the certificate of an authority, or of one above it, was revoked. Nothing that it signs counts any more. A
 * revocation by this process is seen at once, one by another process on the same records within a second.
 */
export async function isIssuerRevoked(desk: Desk, issuer: Issuer): Promise<boolean> {
  const standing = standings.get(desk) ?? new Map();
  standings.set(desk, standing);
  const now = desk.clock.now();
  const known = standing.get(issuer.id);
  if (known !== undefined && now >= known.at && now < known.at + standingLasts) return known.revoked;
  const chain = chainOf(desk, issuer).map((der) => readCertificate(der).serialHex);
  const records = await Promise.all(chain.map((serial) => desk.records.get(certificates, serial)));
  const revoked = records.some((record) => record?.value.revoked !== undefined);
  // Into the map of before the reading: where a revocation came in between, that map is no longer asked.
  standing.set(issuer.id, { at: now, revoked });
  return revoked;
}

/** The issuer's certificate and what proves it, up to the root. */
export function chainOf(desk: Desk, issuer: Issuer): readonly Uint8Array[] {
  if (issuer.role === 'root') return [issuer.der];
  const between = issuer.chain;
  const top = between.length === 0 ? issuer.certificate : readCertificate(between.at(-1)!);
  const above = [...desk.issuers.values()].find(
    ({ certificate }) => certificate !== issuer.certificate && sameName(certificate.subject, top.issuer),
  );
  return [issuer.der, ...between, ...(above === undefined ? [] : [above.der])];
}

/**
 * What a TLS server sends beside its own certificate: the authority, what stands between it and the root, and for those
 * who trust another generation of the root the certificates by which the one proves the other. The root itself they have.
 */
export function proofOf(desk: Desk, issuer: Issuer): readonly Uint8Array[] {
  const chain = chainOf(desk, issuer);
  const root = readCertificate(chain.at(-1)!).subject;
  const crosses = desk.crosses.filter((der) => sameName(readCertificate(der).subject, root));
  return [...chain.slice(0, Math.max(1, chain.length - 1)), ...crosses];
}

/**
 * Every authority of ours, what stands between it and its root, and the crosses, each once. In an order in which OpenSSL,
 * which takes the first certificate that fits and never goes back, finds a path to any generation of the root.
 */
export function allAuthorities(desk: Desk): readonly Uint8Array[] {
  const issuers = [...desk.issuers.values()];
  const [roots, issuing] = [true, false].map((isRoot) =>
    issuers.filter(({ role }) => (role === 'root') === isRoot).map(({ der }) => der),
  ) as [Uint8Array[], Uint8Array[]];
  const rootNames = roots.map((der) => readCertificate(der).subject);
  const [ofRoots, ofIssuing] = [true, false].map((isRoot) =>
    desk.crosses.filter((der) => {
      const { subject } = readCertificate(der);
      return rootNames.some((name) => sameName(name, subject)) === isRoot;
    }),
  ) as [Uint8Array[], Uint8Array[]];
  const between = issuers.flatMap(({ chain }) => chain);
  const all = [...issuing, ...between, ...ofRoots, ...roots, ...ofIssuing];
  return [...new Map(all.map((der) => [toBase64(der), der])).values()];
}

export function pemOf(certificates: readonly Uint8Array[]): string {
  return certificates.map((der) => toPem('CERTIFICATE', der)).join('');
}

export function publishCertificate(desk: Desk, certificate: Certificate): Certificate {
  desk.signals?.publish({ type: 'certificate', certificate });
  return certificate;
}

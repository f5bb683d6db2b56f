import { type KeyObject, verify } from 'node:crypto';
import type { DerReader } from '../der/reader.ts';
import { nothing, oid, sequence } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { judgeAside } from './aside/aside.ts';
import { type HashName, Verdict } from './aside/messages.ts';
import { nameOfOid, Oid } from './oids.ts';
import { importPublicKey, type KeyFamily, notAKey, type PublicKey } from './public-key.ts';

export type SignatureAlgorithm =
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'ecdsa-sha512'
  | 'ed25519'
  | 'rsa-sha256'
  | 'rsa-sha384'
  | 'rsa-sha512'
  | 'ml-dsa-44'
  | 'ml-dsa-65'
  | 'ml-dsa-87';

interface Scheme {
  readonly family: KeyFamily;
  readonly hash: HashName;
  readonly oid: string;
  /** AlgorithmIdentifier. RSA has NULL parameters, the others none (RFC 5758, RFC 8410, RFC 4055, RFC 9881). */
  readonly der: Uint8Array;
}

const scheme = (family: KeyFamily, hash: Scheme['hash'], dotted: string): Scheme => ({
  family,
  hash,
  oid: dotted,
  der: family === 'rsa' ? sequence(oid(dotted), nothing()) : sequence(oid(dotted)),
});

const schemes: Readonly<Record<SignatureAlgorithm, Scheme>> = {
  'ecdsa-sha256': scheme('ec', 'sha256', Oid.ecdsaWithSha256),
  'ecdsa-sha384': scheme('ec', 'sha384', Oid.ecdsaWithSha384),
  'ecdsa-sha512': scheme('ec', 'sha512', Oid.ecdsaWithSha512),
  ed25519: scheme('ed25519', null, Oid.ed25519),
  'rsa-sha256': scheme('rsa', 'sha256', Oid.sha256WithRsa),
  'rsa-sha384': scheme('rsa', 'sha384', Oid.sha384WithRsa),
  'rsa-sha512': scheme('rsa', 'sha512', Oid.sha512WithRsa),
  'ml-dsa-44': scheme('ml-dsa', null, Oid.mlDsa44),
  'ml-dsa-65': scheme('ml-dsa', null, Oid.mlDsa65),
  'ml-dsa-87': scheme('ml-dsa', null, Oid.mlDsa87),
};

const named = Object.entries(schemes) as [SignatureAlgorithm, Scheme][];

/** The AlgorithmIdentifier of a signature algorithm. */
export function encodeAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  return schemes[algorithm].der;
}

/** Reads an AlgorithmIdentifier, whose encoding must be exactly the one that its document gives. */
export function readAlgorithm(reader: DerReader): SignatureAlgorithm {
  const raw = reader.raw();
  for (const [name, { der }] of named) if (Buffer.compare(der, raw) === 0) return name;
  throw new PkiError(
    'unsupported-algorithm',
    `signature algorithm \`${describe(raw)}\` is not accepted; sign with SHA-256 or better, or Ed25519`,
  );
}

function describe(raw: Uint8Array): string {
  // 30 len 06 len <oid>: enough to name the usual suspects (sha1WithRSAEncryption, RSASSA-PSS, DSA).
  for (const dotted of [
    '1.2.840.113549.1.1.5',
    '1.2.840.113549.1.1.10',
    '1.2.840.10045.4.1',
    '1.2.840.10040.4.3',
  ]) {
    const encoded = oid(dotted);
    if (Buffer.compare(raw.subarray(2, 2 + encoded.length), encoded) === 0) return nameOfOid(dotted);
  }
  return Buffer.from(raw.subarray(0, 16)).toString('hex');
}

/** The hash that goes with `sign` and `verify` of node:crypto; null for Ed25519 and ML-DSA. */
export function hashOf(algorithm: SignatureAlgorithm): HashName {
  return schemes[algorithm].hash;
}

/** The algorithm that a key of ours signs with. */
export function algorithmFor(key: PublicKey): SignatureAlgorithm {
  if (key.family === 'ed25519') return 'ed25519';
  if (key.family === 'ml-dsa') return `ml-dsa-${key.size as 44 | 65 | 87}`;
  if (key.family === 'rsa') return 'rsa-sha256';
  return key.size === 384 ? 'ecdsa-sha384' : 'ecdsa-sha256';
}

/** True when the signature over `data` is by `key`. False too when algorithm and key do not go together. */
export function verifySignature(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
  imported: KeyObject = importPublicKey(key),
): boolean {
  return goTogether(key, algorithm) && verify(hashOf(algorithm), data, imported, signature);
}

/** The same on another thread, for whoever has more to do meanwhile. Rejects with `weak-key` as `importPublicKey` does. */
export async function verifyAside(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!goTogether(key, algorithm)) return false;
  const verdict = await judgeAside({ spki: key.spki, hash: hashOf(algorithm), data, signature });
  if (verdict === Verdict.notAKey) throw notAKey(key);
  return verdict === Verdict.good;
}

function goTogether(key: PublicKey, algorithm: SignatureAlgorithm): boolean {
  if (schemes[algorithm].family !== key.family) return false;
  // A parameter set is part of the algorithm, not of the key alone (RFC 9881 section 2).
  return key.family !== 'ml-dsa' || algorithm === algorithmFor(key);
}

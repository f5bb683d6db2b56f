import { type KeyObject, sign } from 'node:crypto';
import { type PublicKey, readPublicKey } from '../x509/public-key.ts';
import { algorithmFor, hashOf, type SignatureAlgorithm } from '../x509/signature.ts';

/** A private key that can be used and not seen: the one face of file keys, tokens and key services. */
export interface Signer {
  /** Name in the key store. */
  readonly id: string;
  readonly algorithm: SignatureAlgorithm;
  readonly publicKey: PublicKey;
  /** Signature over `data` in the form that X.509 carries (ECDSA as DER). */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** What key to make. */
export type NewKeyType = 'EC-P256' | 'EC-P384' | 'Ed25519' | 'RSA-2048' | 'RSA-3072' | ExperimentalKeyType;

/** Post-quantum signatures (FIPS 204), an experiment: nothing that counts is signed with them. */
export type ExperimentalKeyType = 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87';

/**
 * A signer over a key in this process. It signs on the calling thread: a P-256 signature takes less time than the way
 * to the thread pool and back.
 */
export function processSigner(id: string, privateKey: KeyObject, spki: Uint8Array): Signer {
  const publicKey = readPublicKey(spki);
  const algorithm = algorithmFor(publicKey);
  const hash = hashOf(algorithm);
  return {
    id,
    algorithm,
    publicKey,
    sign: async (data) => sign(hash, data, privateKey),
  };
}

import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { z } from 'zod';
import { CsirtError } from '../error.ts';
import { canonicalJson } from './canonical.ts';
import type { CacaoPlaybook } from './schema.ts';
import { type CacaoSignature, Signature } from './signature-schema.ts';

const hashes: Readonly<Record<string, string>> = {
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
};

interface Algorithm {
  readonly keyType: string;
  readonly digest: string | null;
  readonly options: object;
}
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
/** JWA's signatures over fixed-length r and s (RFC 7518 section 3.4). */
const fixed = { dsaEncoding: 'ieee-p1363' };
/** The algorithms of section 10.15 that Node knows; the symmetric and the hash-based ones are refused. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: { keyType: 'rsa', digest: 'sha256', options: {} },
  RS384: { keyType: 'rsa', digest: 'sha384', options: {} },
  RS512: { keyType: 'rsa', digest: 'sha512', options: {} },
  PS256: { keyType: 'rsa', digest: 'sha256', options: pss },
  PS384: { keyType: 'rsa', digest: 'sha384', options: pss },
  PS512: { keyType: 'rsa', digest: 'sha512', options: pss },
  ES256: { keyType: 'ec', digest: 'sha256', options: fixed },
  ES384: { keyType: 'ec', digest: 'sha384', options: fixed },
  ES512: { keyType: 'ec', digest: 'sha512', options: fixed },
  Ed25519: { keyType: 'ed25519', digest: null, options: {} },
};

/** What became of one signature of a playbook. */
export interface SignatureVerdict {
  readonly id: string;
  readonly signee: string;
  /** The signature is right, in its time, and by a key that is trusted. */
  readonly trusted: boolean;
  /** Why it is not; empty where it is. */
  readonly reason: string;
}

const signed = z.looseObject({ signatures: z.array(z.unknown()).max(100).default([]) });

/**
 * Checks each signature of a playbook (CACAO v2.0 section 10.15 and its appendix A): the document with this one signature
 * object, without its value, in canonical form, hashed; the hash, as lower-case hex text, is what was signed. A right
 * signature counts only when its public key is among the trusted ones: anyone can sign with a key of their own.
 */
export function verifySignatures(
  document: unknown,
  trusted: readonly KeyObject[],
  now: number,
): readonly SignatureVerdict[] {
  const playbook = signed.safeParse(document);
  if (!playbook.success) throw new CsirtError('signature-invalid', 'the document is no playbook');
  return playbook.data.signatures.map((given) => {
    const parsed = Signature.safeParse(given);
    if (!parsed.success)
      return { id: '', signee: '', trusted: false, reason: 'it is not a signature object' };
    const reason = fault(playbook.data, parsed.data, trusted, now);
    return { id: parsed.data.id, signee: parsed.data.signee, trusted: reason === '', reason };
  });
}

function fault(
  playbook: Readonly<Record<string, unknown>>,
  signature: CacaoSignature,
  trusted: readonly KeyObject[],
  now: number,
): string {
  const { value, ...rest } = signature;
  const algorithm = algorithms[signature.algorithm];
  const hash = hashes[signature.hash_algorithm];
  if (algorithm === undefined)
    return `the algorithm \`${signature.algorithm.slice(0, 40)}\` is not supported`;
  if (hash === undefined) return `the hash \`${signature.hash_algorithm.slice(0, 40)}\` is not supported`;
  if (value === undefined || signature.public_key === undefined) return 'it has no value or no public key';
  if (signature.revoked === true) return 'it is revoked';
  if (signature.valid_from !== undefined && now < Date.parse(signature.valid_from))
    return 'it is not valid yet';
  if (signature.valid_until !== undefined && now >= Date.parse(signature.valid_until))
    return 'it is no longer valid';
  if (signature.related_to !== undefined && signature.related_to !== playbook['id'])
    return 'it is for another playbook';
  if (signature.related_version !== undefined && signature.related_version !== playbook['modified']) {
    return 'it is for another version';
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(signature.public_key, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return 'its public key cannot be read';
  }
  if (key.asymmetricKeyType !== algorithm.keyType)
    return 'its public key is of another kind than its algorithm';
  const message = messageOf(playbook, rest, hash);
  const right = verify(
    algorithm.digest,
    message,
    { key, ...algorithm.options },
    Buffer.from(value, 'base64url'),
  );
  if (!right) return 'it does not match the playbook';
  return trusted.some((other) => other.equals(key)) ? '' : 'its key is not trusted';
}

function messageOf(playbook: object, signature: Omit<CacaoSignature, 'value'>, hash: string): Buffer {
  const canonical = canonicalJson({ ...playbook, signatures: [signature] });
  return Buffer.from(createHash(hash).update(canonical, 'utf8').digest('hex'));
}

export interface SignOptions {
  readonly privateKey: KeyObject;
  /** The identity object that signs: `identity--uuid`. */
  readonly createdBy: string;
  readonly signee: string;
  readonly now: number;
  /** Epoch milliseconds. */
  readonly validUntil?: number;
}

const signingNames: Readonly<Record<string, string>> = { ec: 'ES256', rsa: 'RS256', ed25519: 'Ed25519' };

/** The playbook with one more signature. The key is P-256 (ES256), RSA (RS256) or Ed25519. */
export function signPlaybook(playbook: CacaoPlaybook, options: SignOptions): CacaoPlaybook {
  const { privateKey } = options;
  const name = signingNames[privateKey.asymmetricKeyType ?? ''];
  if (name === undefined) throw new CsirtError('signature-invalid', 'sign with a p-256, rsa or ed25519 key');
  const algorithm = algorithms[name]!;
  const at = new Date(options.now).toISOString();
  const signature: CacaoSignature = {
    type: 'jss',
    id: `jss--${randomUUID()}`,
    created_by: options.createdBy,
    created: at,
    modified: at,
    signee: options.signee,
    valid_from: at,
    ...(options.validUntil === undefined ? {} : { valid_until: new Date(options.validUntil).toISOString() }),
    related_to: playbook.id,
    related_version: playbook.modified,
    hash_algorithm: 'sha-256',
    algorithm: name,
    public_key: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64'),
  };
  const message = messageOf(playbook, signature, 'sha256');
  const value = sign(algorithm.digest, message, { key: privateKey, ...algorithm.options }).toString(
    'base64url',
  );
  return { ...playbook, signatures: [...(playbook.signatures ?? []), { ...signature, value }] };
}

import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { DerReader } from '../der/reader.ts';
import { PkiError } from '../error.ts';
import { nameOfOid, Oid } from './oids.ts';
import { toPem } from './pem.ts';

/** `ml-dsa` is an experiment: no profile of ours takes such keys. */
export type KeyFamily = 'ec' | 'ed25519' | 'rsa' | 'ml-dsa';

/** A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of a kind that we accept. */
export interface PublicKey {
  /** The whole SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Contents of its BIT STRING, over which key identifiers are made. */
  readonly bits: Uint8Array;
  readonly family: KeyFamily;
  /** `EC-P256`, `EC-P384`, `Ed25519`, `RSA-<modulus bits>`, `ML-DSA-44`, `-65`, `-87`. */
  readonly keyType: string;
  /** Modulus bits for RSA, field bits for curves, the number in its name for ML-DSA. */
  readonly size: number;
  /** RSA only: public exponent and modulus, big-endian without leading zeros. */
  readonly rsa?: { readonly modulus: Uint8Array; readonly exponent: Uint8Array };
}

const curves: Readonly<Record<string, { keyType: string; size: number; octets: number }>> = {
  [Oid.p256]: { keyType: 'EC-P256', size: 256, octets: 65 },
  [Oid.p384]: { keyType: 'EC-P384', size: 384, octets: 97 },
};

/**
 * Reads a SubjectPublicKeyInfo. `unsupported-algorithm` for another algorithm, a curve that is not P-256 or P-384
 * (explicit parameters included) or a compressed point; `weak-key` for RSA below 2048 bits or with a bad exponent.
 */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const top = DerReader.over(spki);
  const info = top.sequence();
  top.end();
  const algorithm = info.sequence();
  const type = algorithm.oid();
  const parameters = algorithm.more ? algorithm.raw() : undefined;
  algorithm.end();
  const bits = info.wholeBits();
  info.end();
  if (type === Oid.ecPublicKey) return ecKey(spki, bits, parameters);
  if (type === Oid.rsaEncryption) return rsaKey(spki, bits, parameters);
  if (type === Oid.ed25519) {
    if (parameters !== undefined || bits.length !== 32)
      throw unsupported('Ed25519 key is not 32 octets without parameters');
    return { spki, bits, family: 'ed25519', keyType: 'Ed25519', size: 256 };
  }
  const set = parameterSets[type];
  if (set !== undefined) {
    // RFC 9881 section 4: no parameters, and the key as it is.
    if (parameters !== undefined || bits.length !== set.octets)
      throw unsupported(`${set.keyType} key is not ${set.octets} octets without parameters`);
    return { spki, bits, family: 'ml-dsa', keyType: set.keyType, size: set.size };
  }
  throw unsupported(`key algorithm \`${nameOfOid(type)}\` is not accepted`);
}

/** Public keys of FIPS 204, table 2. */
const parameterSets: Readonly<Record<string, { keyType: string; size: number; octets: number }>> = {
  [Oid.mlDsa44]: { keyType: 'ML-DSA-44', size: 44, octets: 1312 },
  [Oid.mlDsa65]: { keyType: 'ML-DSA-65', size: 65, octets: 1952 },
  [Oid.mlDsa87]: { keyType: 'ML-DSA-87', size: 87, octets: 2592 },
};

function ecKey(spki: Uint8Array, bits: Uint8Array, parameters: Uint8Array | undefined): PublicKey {
  const named = parameters !== undefined && parameters[0] === 0x06;
  if (!named) throw unsupported('curve is not given by name');
  const curve = DerReader.over(parameters).oid();
  const known = curves[curve];
  if (known === undefined) throw unsupported(`curve \`${nameOfOid(curve)}\` is not accepted`);
  if (bits.length !== known.octets || bits[0] !== 0x04) throw unsupported('point is not uncompressed');
  return { spki, bits, family: 'ec', keyType: known.keyType, size: known.size };
}

function rsaKey(spki: Uint8Array, bits: Uint8Array, parameters: Uint8Array | undefined): PublicKey {
  if (parameters === undefined || parameters[0] !== 0x05 || parameters.length !== 2) {
    throw unsupported('RSA key has parameters that are not null');
  }
  const top = DerReader.over(bits);
  const pair = top.sequence();
  top.end();
  const modulus = positive(pair);
  const exponent = positive(pair);
  pair.end();
  const size = modulus.length * 8 - Math.clz32(modulus[0]!) + 24;
  if (size < 2048)
    throw new PkiError('weak-key', `RSA key of ${size} bits is too short; make one of 2048 bits or more`);
  if (size > 8192) throw unsupported(`RSA key of ${size} bits is above 8192`);
  if (exponent.length > 8 || (exponent.at(-1)! & 1) === 0 || exponent.length < 3) {
    throw new PkiError('weak-key', 'RSA exponent is even, below 65537 or above 64 bits; use 65537');
  }
  if ((modulus.at(-1)! & 1) === 0) throw new PkiError('weak-key', 'RSA modulus is even');
  return { spki, bits, family: 'rsa', keyType: `RSA-${size}`, size, rsa: { modulus, exponent } };
}

function positive(reader: DerReader): Uint8Array {
  const body = reader.integerBytes();
  if (body[0]! >= 0x80) throw new PkiError('weak-key', 'RSA number is negative');
  const trimmed = body[0] === 0 ? body.subarray(1) : body;
  if (trimmed.length === 0) throw new PkiError('weak-key', 'RSA number is zero');
  return trimmed;
}

/**
 * Imports the key into node:crypto, which checks that the point is on its curve. Call `readPublicKey` first: what may
 * be imported is decided there.
 */
export function importPublicKey(key: PublicKey): KeyObject {
  try {
    // PEM in a string: for DER in an object, Node throws and catches four errors inside before it reads the key.
    return createPublicKey(toPem('PUBLIC KEY', key.spki));
  } catch (cause) {
    throw notAKey(key, cause);
  }
}

/** What node:crypto means when it takes no key that `readPublicKey` took. */
export function notAKey({ keyType }: PublicKey, cause?: unknown): PkiError {
  return new PkiError('weak-key', `${keyType} key is not valid: the point is not on its curve`, { cause });
}

/** The newest identifier and a copy of the bits that it is of: writing a certificate and its lint both ask. */
let newest: { readonly bits: Uint8Array; readonly identifier: Uint8Array } | undefined;

/** Method 1 of RFC 7093 section 2: the leftmost 160 bits of SHA-256 over the key bits. */
export function keyIdentifier({ bits }: PublicKey): Uint8Array {
  if (newest === undefined || Buffer.compare(newest.bits, bits) !== 0) {
    const identifier = hash('sha256', bits, 'buffer').subarray(0, 20);
    newest = { bits: Buffer.from(bits), identifier };
  }
  return newest.identifier;
}

/** SHA-256 over the whole SubjectPublicKeyInfo, hex: the name under which a key is known in records. */
export function keyDigest(key: PublicKey): string {
  return hash('sha256', key.spki, 'hex');
}

function unsupported(what: string): PkiError {
  return new PkiError(
    'unsupported-algorithm',
    `${what}; use EC P-256 or P-384, Ed25519, or RSA of 2048 bits or more`,
  );
}

import type { Cryptoki } from './cryptoki.ts';

/** Numbers of PKCS #11 v2.40 (pkcs11t.h) that we use. */
export const Attribute = {
  class: 0x00,
  token: 0x01,
  private: 0x02,
  label: 0x03,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  decrypt: 0x105,
  unwrap: 0x107,
  sign: 0x108,
  verify: 0x10a,
  derive: 0x10c,
  modulus: 0x120,
  modulusBits: 0x121,
  publicExponent: 0x122,
  extractable: 0x162,
  local: 0x163,
  neverExtractable: 0x164,
  alwaysSensitive: 0x165,
  ecParams: 0x180,
  ecPoint: 0x181,
} as const;

export const ObjectClass = { public: 2, private: 3 } as const;
export const KeyType = { rsa: 0, ec: 3, edwards: 0x40 } as const;
export const Mechanism = {
  rsaKeyPairGen: 0x00,
  rsaPkcs: 0x01,
  ecKeyPairGen: 0x1040,
  ecdsa: 0x1041,
  edwardsKeyPairGen: 0x1055,
  eddsa: 0x1057,
} as const;

export type Value = number | boolean | Buffer;
export type Template = readonly (readonly [attribute: number, value: Value])[];

export function ulong(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Octets of a CK_ATTRIBUTE array, and the buffers that it points to, which must live as long as it is used. */
export interface Attributes {
  readonly bytes: Buffer;
  readonly count: number;
  readonly values: readonly Buffer[];
}

export function attributes({ address }: Cryptoki, template: Template): Attributes {
  const values = template.map(([, value]) => encode(value));
  const bytes = Buffer.alloc(template.length * 24);
  for (const [index, [attribute]] of template.entries()) {
    const value = values[index]!;
    bytes.writeBigUInt64LE(BigInt(attribute), index * 24);
    bytes.writeBigUInt64LE(value.length === 0 ? 0n : address(value), index * 24 + 8);
    bytes.writeBigUInt64LE(BigInt(value.length), index * 24 + 16);
  }
  return { bytes, count: template.length, values };
}

/** CK_MECHANISM without parameters. */
export function mechanism(number: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}

function encode(value: Value): Buffer {
  if (typeof value === 'number') return ulong(value);
  // A copy that owns its memory: pooled buffers share theirs.
  return typeof value === 'boolean'
    ? Buffer.from([value ? 1 : 0])
    : Buffer.from(new Uint8Array(value).buffer);
}

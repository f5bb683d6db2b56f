import { createHash } from 'node:crypto';
import { readPublicKey } from '../../x509/public-key.ts';
import { algorithmFor, hashOf, verifySignature } from '../../x509/signature.ts';
import type { NewKeyType } from '../signer.ts';
import { type Cryptoki, CryptokiError, Returned } from './cryptoki.ts';
import type { KeyName } from './messages.ts';
import {
  Attribute,
  attributes,
  KeyType,
  Mechanism,
  mechanism,
  ObjectClass,
  type Template,
  ulong,
} from './objects.ts';
import { curveParameters, curveSpki, ecdsaDer, rsaDigestInfo, rsaSpki } from './public-key.ts';

/** One act failed for a reason of its own; the token goes on. */
export class ActError extends Error {
  readonly kind: 'failed' | 'missing' | 'unsupported';

  constructor(kind: ActError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** An open session of a token, logged in. */
export class Session {
  readonly #cryptoki: Cryptoki;
  readonly #handle: number;
  readonly #slot: number;
  /** Private keys by CKA_ID. */
  readonly #keys = new Map<string, number>();

  constructor(cryptoki: Cryptoki, slot: number, handle: number) {
    this.#cryptoki = cryptoki;
    this.#slot = slot;
    this.#handle = handle;
  }

  /**
   * Signature over `data` as X.509 carries it.
   *
   * INVARIANT: no signature leaves that the public key does not verify: a token that was exchanged, a key that was, or a
   * fault in the arithmetic, which can give a key away, is an error.
   */
  async sign({ id, spki, algorithm }: KeyName, data: Uint8Array): Promise<Uint8Array> {
    const key = this.#keys.get(id) ?? (await this.#find(ObjectClass.private, id));
    if (key === undefined) throw new ActError('missing', `token has no key ${id}`);
    this.#keys.set(id, key);
    const publicKey = readPublicKey(spki);
    const hash = hashOf(algorithm) as 'sha256' | 'sha384' | null;
    const digest = hash === null ? data : createHash(hash).update(data).digest();
    const { family } = publicKey;
    const [method, input] =
      family === 'rsa'
        ? [Mechanism.rsaPkcs, rsaDigestInfo(hash!, digest)]
        : [family === 'ec' ? Mechanism.ecdsa : Mechanism.eddsa, digest];
    await this.#cryptoki.call('C_SignInit', this.#handle, mechanism(method), key);
    const output = Buffer.alloc(1024);
    const length = ulong(output.length);
    const bytes = Buffer.from(input);
    await this.#cryptoki.call('C_Sign', this.#handle, bytes, bytes.length, output, length);
    const raw = output.subarray(0, Number(length.readBigUInt64LE()));
    const signature = family === 'ec' ? ecdsaDer(raw) : Buffer.from(raw);
    if (!verifySignature(publicKey, algorithm, data, signature))
      throw new ActError('failed', `token made a signature that its public key does not verify (key ${id})`);
    return signature;
  }

  /**
   * Makes a key that cannot leave the token and returns its SubjectPublicKeyInfo. A key of this CKA_ID that is there
   * already, because a process was killed before it could tell, is taken up.
   */
  async create(id: string, label: string, type: NewKeyType): Promise<Uint8Array> {
    if ((await this.#find(ObjectClass.private, id)) === undefined) await this.#generate(id, label, type);
    await this.#checkStaysInside(id);
    const handle = await this.#find(ObjectClass.public, id);
    if (handle === undefined) throw new ActError('missing', `token has no public key ${id}`);
    const spki = await this.#readPublic(handle, type);
    const key = { id, spki, algorithm: algorithmFor(readPublicKey(spki)) };
    await this.sign(key, Buffer.from('kydai: this key signs'));
    return spki;
  }

  async destroy(id: string): Promise<void> {
    this.#keys.delete(id);
    for (const kind of [ObjectClass.private, ObjectClass.public]) {
      const handle = await this.#find(kind, id);
      if (handle !== undefined) await this.#cryptoki.call('C_DestroyObject', this.#handle, handle);
    }
  }

  async #generate(id: string, label: string, type: NewKeyType): Promise<void> {
    if (type.startsWith('ML-DSA')) throw new ActError('unsupported', `token makes no keys of type ${type}`);
    const { generate, keyType, publicTemplate, privateTemplate } = recipe(type);
    await this.#requireMechanism(generate, type);
    const common: Template = [
      [Attribute.keyType, keyType],
      [Attribute.token, true],
      [Attribute.label, Buffer.from(label)],
      [Attribute.id, Buffer.from(id, 'hex')],
    ];
    const open = attributes(this.#cryptoki, [
      [Attribute.class, ObjectClass.public],
      ...common,
      [Attribute.private, false],
      [Attribute.verify, true],
      ...publicTemplate,
    ]);
    const secret = attributes(this.#cryptoki, [
      [Attribute.class, ObjectClass.private],
      ...common,
      [Attribute.private, true],
      [Attribute.sensitive, true],
      [Attribute.extractable, false],
      [Attribute.sign, true],
      [Attribute.decrypt, false],
      [Attribute.unwrap, false],
      ...privateTemplate,
    ]);
    const handles = [ulong(0), ulong(0)] as const;
    await this.#cryptoki.call(
      'C_GenerateKeyPair',
      this.#handle,
      mechanism(generate),
      open.bytes,
      open.count,
      secret.bytes,
      secret.count,
      ...handles,
    );
    void [open.values, secret.values];
  }

  async #requireMechanism(number: number, type: string): Promise<void> {
    try {
      await this.#cryptoki.call('C_GetMechanismInfo', this.#slot, number, Buffer.alloc(24));
    } catch (error) {
      if (error instanceof CryptokiError && error.returned === Returned.mechanismInvalid)
        throw new ActError('unsupported', `token makes no keys of type ${type}`);
      throw error;
    }
  }

  /** A key that was put in from outside, or may be taken out, is not one that this token vouches for. */
  async #checkStaysInside(id: string): Promise<void> {
    const key = await this.#find(ObjectClass.private, id);
    for (const [attribute, wanted] of [
      [Attribute.extractable, 0],
      [Attribute.sensitive, 1],
      [Attribute.local, 1],
      [Attribute.neverExtractable, 1],
    ] as const) {
      const [value] = await this.#read(key!, attribute);
      if (value !== wanted)
        throw new ActError('failed', `key ${id} was not made in the token or may leave it; it is not used`);
    }
  }

  async #readPublic(handle: number, type: NewKeyType): Promise<Uint8Array> {
    if (!type.startsWith('RSA')) return curveSpki(type, await this.#read(handle, Attribute.ecPoint));
    return rsaSpki(
      await this.#read(handle, Attribute.modulus),
      await this.#read(handle, Attribute.publicExponent),
    );
  }

  async #read(handle: number, attribute: number): Promise<Buffer> {
    const value = Buffer.alloc(2048);
    const { bytes, values } = attributes(this.#cryptoki, [[attribute, value]]);
    await this.#cryptoki.call('C_GetAttributeValue', this.#handle, handle, bytes, 1);
    return values[0]!.subarray(0, Number(bytes.readBigUInt64LE(16)));
  }

  async #find(kind: number, id: string): Promise<number | undefined> {
    const wanted = attributes(this.#cryptoki, [
      [Attribute.class, kind],
      [Attribute.token, true],
      [Attribute.id, Buffer.from(id, 'hex')],
    ]);
    await this.#cryptoki.call('C_FindObjectsInit', this.#handle, wanted.bytes, wanted.count);
    const handles = Buffer.alloc(16);
    const count = ulong(0);
    try {
      await this.#cryptoki.call('C_FindObjects', this.#handle, handles, 2, count);
    } finally {
      await this.#cryptoki.call('C_FindObjectsFinal', this.#handle);
    }
    const found = Number(count.readBigUInt64LE());
    if (found > 1) throw new ActError('failed', `token has several keys ${id}`);
    void wanted.values;
    return found === 0 ? undefined : Number(handles.readBigUInt64LE(0));
  }
}

function recipe(type: NewKeyType) {
  if (type.startsWith('RSA')) {
    return {
      generate: Mechanism.rsaKeyPairGen,
      keyType: KeyType.rsa,
      publicTemplate: [
        [Attribute.modulusBits, Number(type.slice(4))],
        [Attribute.publicExponent, Buffer.of(1, 0, 1)],
      ] satisfies Template,
      privateTemplate: [] satisfies Template,
    };
  }
  const edwards = type === 'Ed25519';
  return {
    generate: edwards ? Mechanism.edwardsKeyPairGen : Mechanism.ecKeyPairGen,
    keyType: edwards ? KeyType.edwards : KeyType.ec,
    publicTemplate: [[Attribute.ecParams, Buffer.from(curveParameters(type))]] satisfies Template,
    privateTemplate: [[Attribute.derive, false]] satisfies Template,
  };
}

import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Tag } from '../der/tag.ts';
import {
  context,
  contextPrimitive,
  element,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  setOf,
} from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { Oid } from '../x509/oids.ts';
import { bmpPassword, derive, Purpose } from './derive.ts';

export interface Pkcs12Wish {
  /** PKCS#8, DER. */
  readonly privateKey: Uint8Array;
  /** DER, that of the key first, then those above it. */
  readonly certificates: readonly Uint8Array[];
  /** What programs call it. */
  readonly name: string;
  /** At least 8 characters, none beyond the basic multilingual plane. */
  readonly passphrase: string;
  /** 3DES and SHA-1, for what knows nothing younger (Windows before 2019, old cameras). Whoever steals the file has it easier. */
  readonly legacy?: boolean;
}

/** Rounds of every derivation. The check of the password must not be cheaper than the decryption. */
const iterations = 100_000;
const legacyIterations = 2048;

/**
 * A PKCS #12 file (RFC 7292) with one key and its certificates, DER: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, its
 * integrity by HMAC-SHA-256; or the old 3DES and SHA-1 on request. `bad-setting` for a passphrase that it cannot carry.
 */
export function writePkcs12(wish: Pkcs12Wish): Uint8Array {
  const { privateKey, certificates, name, passphrase, legacy = false } = wish;
  const [own] = certificates;
  if (own === undefined) throw new PkiError('bad-setting', 'a bundle needs the certificate of its key');
  if (passphrase.length < 8 || /[\p{C}\u{10000}-\u{10FFFF}]/u.test(passphrase)) {
    throw new PkiError(
      'bad-setting',
      'passphrase of a bundle has at least 8 characters, none of them a control character or an emoji',
    );
  }
  const encrypt = legacy ? withTripleDes(passphrase) : withAes(passphrase);
  const attributes = setOf(
    attribute(oids.friendlyName, element(bmpString, Buffer.from(name, 'utf16le').swap16())),
    attribute(oids.localKeyId, octetString(createHash('sha1').update(own).digest())),
  );
  const bags = certificates.map((der, index) =>
    sequence(
      oid(oids.certBag),
      context(0, sequence(oid(oids.x509Certificate), context(0, octetString(der)))),
      ...(index === 0 ? [attributes] : []),
    ),
  );
  const [certificateCipher, sealedCertificates] = encrypt(sequence(...bags));
  const [keyCipher, sealedKey] = encrypt(privateKey);
  const keyBag = sequence(
    oid(oids.shroudedKeyBag),
    context(0, sequence(keyCipher, octetString(sealedKey))),
    attributes,
  );
  const encrypted = sequence(
    integer(0),
    sequence(oid(Oid.data), certificateCipher, contextPrimitive(0, sealedCertificates)),
  );
  const contents = sequence(
    sequence(oid(oids.encryptedData), context(0, encrypted)),
    dataOf(sequence(keyBag)),
  );
  return sequence(integer(3), dataOf(contents), macOf(contents, passphrase, legacy));
}

const bmpString = 0x1e;
const oids = {
  encryptedData: '1.2.840.113549.1.7.6',
  certBag: '1.2.840.113549.1.12.10.1.3',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  tripleDes: '1.2.840.113549.1.12.1.3',
} as const;

function dataOf(contents: Uint8Array): Uint8Array {
  return sequence(oid(Oid.data), context(0, octetString(contents)));
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), element(Tag.set, value));
}

/** AlgorithmIdentifier with its parameters, and the ciphertext. */
type Encrypt = (plain: Uint8Array) => readonly [algorithm: Uint8Array, sealed: Uint8Array];

function withAes(passphrase: string): Encrypt {
  return (plain) => {
    const [salt, iv] = [randomBytes(16), randomBytes(16)];
    const key = pbkdf2Sync(Buffer.from(passphrase, 'utf8'), salt, iterations, 32, 'sha256');
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    const derivation = sequence(
      oid(oids.pbkdf2),
      sequence(octetString(salt), integer(iterations), sequence(oid(oids.hmacSha256), nothing())),
    );
    const algorithm = sequence(
      oid(oids.pbes2),
      sequence(derivation, sequence(oid(oids.aes256Cbc), octetString(iv))),
    );
    return [algorithm, Buffer.concat([cipher.update(plain), cipher.final()])];
  };
}

/** pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C). */
function withTripleDes(passphrase: string): Encrypt {
  const password = bmpPassword(passphrase);
  return (plain) => {
    const salt = randomBytes(8);
    const made = (purpose: number, octets: number): Buffer =>
      derive('sha1', password, salt, { purpose, iterations: legacyIterations, octets });
    const cipher = createCipheriv('des-ede3-cbc', made(Purpose.key, 24), made(Purpose.iv, 8));
    const algorithm = sequence(oid(oids.tripleDes), sequence(octetString(salt), integer(legacyIterations)));
    return [algorithm, Buffer.concat([cipher.update(plain), cipher.final()])];
  };
}

/** MacData over the contents (RFC 7292 section 4). */
function macOf(contents: Uint8Array, passphrase: string, legacy: boolean): Uint8Array {
  const hash = legacy ? 'sha1' : 'sha256';
  const rounds = legacy ? legacyIterations : iterations;
  const salt = randomBytes(legacy ? 8 : 16);
  const octets = legacy ? 20 : 32;
  const key = derive(hash, bmpPassword(passphrase), salt, {
    purpose: Purpose.mac,
    iterations: rounds,
    octets,
  });
  const digest = createHmac(hash, key).update(contents).digest();
  const algorithm = sequence(oid(legacy ? Oid.sha1 : Oid.sha256), nothing());
  return sequence(sequence(algorithm, octetString(digest)), octetString(salt), integer(rounds));
}

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bitString, context, element, integer, nothing, oid, sequence, setOf } from '../der/writer.ts';
import { cameraToken, ecKey, makeCsr, openCity, rsaKey } from '../fixtures/city.ts';
import { certificates } from '../register/kinds.ts';
import { encodeSigned } from '../x509/certificate.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { encodeRequestInfo } from '../x509/request.ts';
import { createEstHandler } from './handler.ts';

const subject = encodeName([Oid.commonName, 'cam-001']);

/** A request with any key at all, signed by any other. */
function csrWith(spki: Uint8Array, signer: KeyObject = ecKey().privateKey): Uint8Array {
  const info = encodeRequestInfo({ subject, publicKey: spki, extensions: [] });
  return encodeSigned(info, 'ecdsa-sha256', sign('sha256', info, signer));
}

function keyOf({ publicKey }: { readonly publicKey: KeyObject }): Uint8Array {
  return publicKey.export({ format: 'der', type: 'spki' });
}

function rsaWith(modulus: bigint, exponent: bigint): Uint8Array {
  const pair = sequence(integer(modulus), integer(exponent));
  return sequence(sequence(oid(Oid.rsaEncryption), nothing()), bitString(pair));
}

const modulus = (octets: number): bigint =>
  BigInt(`0x${randomBytes(octets).toString('hex')}`) | 1n | (1n << BigInt(octets * 8 - 1));

function pointWith(change: (point: Buffer) => Uint8Array): Uint8Array {
  const { spki } = ecKey();
  const point = change(Buffer.from(spki.subarray(spki.length - 65)));
  return sequence(sequence(oid(Oid.ecPublicKey), oid(Oid.p256)), bitString(point));
}

function nested(levels: number): Uint8Array {
  let deep: Uint8Array = nothing();
  for (let level = 0; level < levels; level++) deep = element(0x30, deep);
  return deep;
}

/** A sound request whose octets were changed. */
const damaged = (change: (der: Buffer) => Uint8Array) => (): Uint8Array =>
  change(Buffer.from(makeCsr('cam-001')));
const named = (commonName: string) => (): Uint8Array =>
  makeCsr('', ecKey(), { subject: encodeName([Oid.commonName, commonName]) });
const alternative =
  (bytes: Uint8Array, tag = 0x82) =>
  (): Uint8Array =>
    makeCsr('cam-001', ecKey(), {
      extensions: [{ oid: Oid.subjectAltName, critical: false, value: sequence(element(tag, bytes)) }],
    });

const keys = {
  'a key on secp256k1': [
    () => csrWith(keyOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))),
    'unsupported-algorithm',
  ],
  'a key on P-521': [
    () => csrWith(keyOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }))),
    'unsupported-algorithm',
  ],
  'a curve by its parameters': [
    () => csrWith(keyOf(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }))),
    'unsupported-algorithm',
  ],
  'a compressed point': [
    () => csrWith(pointWith((point) => Buffer.concat([Buffer.of(2), point.subarray(1, 33)]))),
    'unsupported-algorithm',
  ],
  'a point beside the curve': [() => csrWith(pointWith((point) => point.fill(7, 40))), 'weak-key'],
  'the point at infinity': [() => csrWith(pointWith(() => Buffer.of(0))), 'unsupported-algorithm'],
  'an X25519 key, which cannot sign': [
    () => csrWith(keyOf(generateKeyPairSync('x25519'))),
    'unsupported-algorithm',
  ],
  'a DSA key': [
    () => csrWith(keyOf(generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }))),
    'unsupported-algorithm',
  ],
  'an RSA-PSS key': [
    () => csrWith(keyOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }))),
    'unsupported-algorithm',
  ],
  'an RSA key of 1024 bits': [() => csrWith(rsaWith(modulus(128), 65_537n)), 'weak-key'],
  'an RSA key of 16,384 bits': [() => csrWith(rsaWith(modulus(2048), 65_537n)), 'unsupported-algorithm'],
  'an RSA exponent of 1': [() => csrWith(rsaWith(modulus(256), 1n)), 'weak-key'],
  'an RSA exponent of 3': [() => csrWith(rsaWith(modulus(256), 3n)), 'weak-key'],
  'an even RSA exponent': [() => csrWith(rsaWith(modulus(256), 65_538n)), 'weak-key'],
  'an RSA exponent of 2048 bits': [() => csrWith(rsaWith(modulus(256), modulus(256))), 'weak-key'],
  'an even RSA modulus': [() => csrWith(rsaWith(modulus(256) + 1n, 65_537n)), 'weak-key'],
  'a negative RSA modulus': [() => csrWith(rsaWith(-modulus(256), 65_537n)), 'weak-key'],
} as const;

const signatures = {
  'a signature by another key': [
    () => makeCsr('cam-001', { ...ecKey(), spki: ecKey().spki }),
    'bad-signature',
  ],
  'a signature by SHA-1': [
    () => {
      const key = rsaKey(2048);
      const info = encodeRequestInfo({ subject, publicKey: key.spki, extensions: [] });
      const algorithm = sequence(oid('1.2.840.113549.1.1.5'), nothing());
      return sequence(info, algorithm, bitString(sign('sha1', info, key.privateKey)));
    },
    'unsupported-algorithm',
  ],
  'an algorithm that does not go with the key': [
    () => {
      const key = rsaKey(2048);
      const info = encodeRequestInfo({ subject, publicKey: key.spki, extensions: [] });
      return encodeSigned(info, 'ecdsa-sha256', sign('sha256', info, key.privateKey));
    },
    'bad-signature',
  ],
  'a signature of no octets': [
    () =>
      encodeSigned(
        encodeRequestInfo({ subject, publicKey: ecKey().spki, extensions: [] }),
        'ecdsa-sha256',
        new Uint8Array(0),
      ),
    'bad-signature',
  ],
} as const;

const encodings = {
  'an indefinite length (BER)': [
    damaged((der) => Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(4), Buffer.of(0, 0)])),
    'malformed-der',
  ],
  'a length that lies': [damaged((der) => der.fill(der[3]! + 1, 3, 4)), 'malformed-der'],
  'a length longer than it needs': [
    damaged((der) => Buffer.concat([Buffer.of(0x30, 0x83, 0), der.subarray(2)])),
    'malformed-der',
  ],
  'trailing octets': [damaged((der) => Buffer.concat([der, Buffer.of(0)])), 'malformed-der'],
  'attributes 2,000 levels deep': [
    () => {
      const key = ecKey();
      const attribute = sequence(oid(Oid.extensionRequest), setOf(nested(2000)));
      const info = sequence(integer(0), subject, key.spki, context(0, attribute));
      return encodeSigned(info, 'ecdsa-sha256', sign('sha256', info, key.privateKey));
    },
    /^(?:der-too-deep|malformed-der|der-too-large)$/,
  ],
  'a version of 4,000 octets': [
    () => {
      const key = ecKey();
      const info = sequence(integer(1n << 32_000n), subject, key.spki, context(0));
      return encodeSigned(info, 'ecdsa-sha256', sign('sha256', info, key.privateKey));
    },
    /^malformed-(?:der|request)$/,
  ],
} as const;

const names = {
  'a Cyrillic letter in the name': [named('c\u0430m-001'), /^(?:bad-subject|bad-name|subject-mismatch)$/],
  'a control character in the name': [named('cam-001\u0007'), /^(?:bad-subject|bad-name|subject-mismatch)$/],
  'a null character in the name': [named('cam-001\0.evil'), /^(?:bad-subject|bad-name|subject-mismatch)$/],
  'a right-to-left override': [named('cam-\u202e100'), /^(?:bad-subject|bad-name|subject-mismatch)$/],
  'full-width letters': [named('\uff43\uff41\uff4d-001'), /^(?:bad-subject|bad-name|subject-mismatch)$/],
  'a DNS name with a null character': [
    alternative(Buffer.from('cam-001\0.evil')),
    /^(?:bad-name|lint-failed|malformed-der|denied)$/,
  ],
  'a DNS name with a Cyrillic letter': [
    alternative(Buffer.from('c\u0430m-001')),
    /^(?:bad-name|lint-failed|malformed-der|denied)$/,
  ],
  'a wildcard': [alternative(Buffer.from('*')), /^(?:bad-name|lint-failed|denied)$/],
  'the name of the server, which its authority may not give': [
    alternative(Buffer.from('localhost')),
    /^(?:lint-failed|denied)$/,
  ],
  'an address of five octets': [alternative(Buffer.alloc(5), 0x87), /^(?:malformed-der|bad-name)$/],
  'a mailbox': [alternative(Buffer.from('a@b.example'), 0x81), 'bad-name'],
} as const;

describe('bad input over EST', () => {
  it.each(Object.entries({ ...keys, ...signatures, ...encodings, ...names }))(
    'refuses %s by name, writes it down, issues nothing, and leaves the token good',
    async (_what, [make, expected]) => {
      const city = await openCity();
      const est = createEstHandler({ authority: city.authority, clock: city.clock });
      const token = await cameraToken(city);
      const post = (csr: Uint8Array) =>
        est(
          new Request('https://pki.example/.well-known/est/simpleenroll', {
            method: 'POST',
            headers: {
              'content-type': 'application/pkcs10',
              authorization: `Basic ${Buffer.from(`cam-001:${token}`).toString('base64')}`,
            },
            body: Buffer.from(csr).toString('base64'),
          }),
          { address: '192.0.2.7' },
        );
      const response = await post(make());
      const text = await response.text();
      const code = text.split(':')[0]!;
      expect(code).toMatch(typeof expected === 'string' ? new RegExp(`^${expected}$`) : expected);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(text).toMatch(/^[a-z-]+: [^\n\0]{5,}\n$/);
      expect(city.records.audit.at(-1)).toMatchObject({ action: 'enrol.refuse', detail: { code } });
      expect(await city.records.count(certificates, { profile: 'device' })).toBe(0);
      expect((await post(makeCsr('cam-001'))).status).toBe(200);
    },
  );
});

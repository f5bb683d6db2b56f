import { generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { describe, expect, it } from 'vitest';
import { DerReader } from '../der/reader.ts';
import { fastCost, HandClock, openCity, passphrase, temporaryFolder } from '../fixtures/city.ts';
import { openKeyStore } from '../keys/key-store.ts';
import { findPath } from '../path/build.ts';
import { encodeSigned, readCertificate } from '../x509/certificate.ts';
import { readCrl } from '../x509/crl.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { fromPem } from '../x509/pem.ts';
import { importPublicKey, readPublicKey } from '../x509/public-key.ts';
import { encodeRequestInfo } from '../x509/request.ts';
import { encodeAlgorithm, readAlgorithm, verifySignature } from '../x509/signature.ts';
import { tryMlDsa } from './ml-dsa.ts';

/** An implementation that shares nothing with OpenSSL's. */
const others = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 } as const;

describe.each(['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const)('the experiment with %s', (type) => {
  it('makes a chain and a CRL that another implementation verifies', async () => {
    const clock = new HandClock();
    const keys = await openKeyStore({ folder: await temporaryFolder(), passphrase, cost: fastCost });
    const options = { keys, type, organization: 'Huế', publicUrl: 'http://pki.hue.example', clock };
    const trial = await tryMlDsa(options);
    const [root, authority, device] = [trial.rootPem, trial.authorityPem, trial.devicePem].map((pem) =>
      readCertificate(fromPem('CERTIFICATE', pem)[0]!),
    ) as [
      ReturnType<typeof readCertificate>,
      ReturnType<typeof readCertificate>,
      ReturnType<typeof readCertificate>,
    ];
    const keyOf = (each: typeof root): Uint8Array => new Uint8Array(readPublicKey(each.publicKey).bits);
    const crl = readCrl(trial.crl);
    for (const [signed, signer] of [
      [root, root],
      [authority, root],
      [device, authority],
      [crl, authority],
    ] as const) {
      const { tbs, signature } = signed;
      const [message, octets] = [new Uint8Array(tbs), new Uint8Array(signature)];
      expect(others[type].verify(octets, message, keyOf(signer))).toBe(true);
      message[20]! ^= 1;
      expect(others[type].verify(octets, message, keyOf(signer))).toBe(false);
    }
    expect(findPath(device, [authority], { anchors: [root], at: clock.now() }).path).toHaveLength(2);
    // Node reads it too, and its algorithm stands there as RFC 9881 section 2 writes it: without parameters.
    const shown = new X509Certificate(trial.devicePem);
    expect(shown.verify(new X509Certificate(trial.authorityPem).publicKey)).toBe(true);
    const dotted = { 'ML-DSA-44': 17, 'ML-DSA-65': 18, 'ML-DSA-87': 19 }[type];
    expect(Buffer.from(encodeAlgorithm(device.signatureAlgorithm)).toString('hex')).toBe(
      `300b06096086480165030403${dotted.toString(16)}`,
    );
    expect(readAlgorithm(DerReader.over(encodeAlgorithm(device.signatureAlgorithm)))).toBe(
      type.toLowerCase(),
    );
    const data = Buffer.from('reading 1');
    expect(verify(null, data, shown.publicKey, sign(null, data, trial.deviceKeyPem))).toBe(true);
  });
});

describe('keys of the experiment', () => {
  it('are in no certificate that counts', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-65');
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const subject = encodeName([Oid.commonName, 'cam-001']);
    const info = encodeRequestInfo({ subject, publicKey: spki, extensions: [] });
    const csr = encodeSigned(info, 'ml-dsa-65', sign(null, info, privateKey));
    const city = await openCity();
    await expect(
      city.authority.issue({ csr, profile: 'device', subject: 'cam-001', by: 'user:lan' }),
    ).rejects.toMatchObject({
      code: 'weak-key',
      message: expect.stringContaining('ML-DSA-65 is not accepted'),
    });
  });

  it('verify by their own parameter set alone, and only when they are whole', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-44');
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const key = readPublicKey(spki);
    const data = Buffer.from('x');
    const signature = sign(null, data, privateKey);
    expect(verifySignature(key, 'ml-dsa-44', data, signature)).toBe(true);
    for (const other of ['ml-dsa-65', 'ml-dsa-87', 'ed25519'] as const)
      expect(verifySignature(key, other, data, signature, importPublicKey(key))).toBe(false);
    const longer = generateKeyPairSync('ml-dsa-65').publicKey.export({ format: 'der', type: 'spki' });
    const lying = Buffer.from(longer);
    lying[lying.indexOf('6086480165030403', 0, 'hex') + 8] = 17;
    expect(() => readPublicKey(lying)).toThrow(expect.objectContaining({ code: 'unsupported-algorithm' }));
  });
});

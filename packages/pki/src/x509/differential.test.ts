import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { CertificationRequest } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, CertificateList } from '@peculiar/asn1-x509';
import * as peculiar from '@peculiar/x509';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { cameraToken, ecKey, ed25519Key, makeCsr, openCity, rsaKey } from '../fixtures/city.ts';
import { readCertificate } from './certificate.ts';
import { encodeCertsOnly, readCertsOnly } from './cms.ts';
import { readCrl } from './crl.ts';
import { isDnsName } from './dns-name.ts';
import {
  extension,
  readBasicConstraints,
  readDistributionPointUrls,
  readExtendedKeyUsage,
  readKeyUsage,
} from './extension.ts';
import { formatAddress, parseAddress, readGeneralNames } from './general-name.ts';
import { formatName } from './name.ts';
import { Oid } from './oids.ts';
import { fromPem, strictBase64, toPem } from './pem.ts';
import { readRequest, verifyRequest } from './request.ts';

const hex = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('hex');

beforeAll(() => peculiar.cryptoProvider.set(webcrypto as never));

describe('beside @peculiar/x509 and @peculiar/asn1', () => {
  it('what we issue is read the same by both, and written back octet for octet', async () => {
    const city = await openCity();
    const keys = [ecKey(), ecKey('P-384'), ed25519Key(), rsaKey(2048)];
    for (const key of keys) {
      const token = await cameraToken(city);
      const csr = makeCsr('cam-001', key, { names: ['cam-001', 'a.cam-001'] });
      const issued = Buffer.from((await city.authority.enrol({ csr: () => csr, token })).der, 'base64');
      for (const der of [
        issued,
        city.authority.certificateOf('root'),
        city.authority.certificateOf('device-ca'),
      ]) {
        const ours = readCertificate(der);
        const theirs = new peculiar.X509Certificate(der);
        expect(hex(AsnConvert.serialize(AsnConvert.parse(der, Certificate)))).toBe(hex(der));
        expect(ours.notAfter).toBe(theirs.notAfter.getTime());
        expect(ours.notBefore).toBe(theirs.notBefore.getTime());
        expect(ours.serialHex).toBe(theirs.serialNumber.replace(/^(00)+/, ''));
        expect(ours.extensions.map(({ oid, critical }) => [oid, critical])).toEqual(
          theirs.extensions.map(({ type, critical }) => [type, critical]),
        );
        expect(hex(ours.publicKey)).toBe(hex(theirs.publicKey.rawData));
        expect(formatName(ours.subject).split(',').reverse()).toEqual(theirs.subject.split(', '));
      }
      expect(hex(AsnConvert.serialize(AsnConvert.parse(csr, CertificationRequest)))).toBe(hex(csr));
      expect(await new peculiar.Pkcs10CertificateRequest(csr).verify()).toBe(true);
    }
  });

  it('what they issue is read by us', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
      'sign',
      'verify',
    ])) as webcrypto.CryptoKeyPair;
    const made = await peculiar.X509CertificateGenerator.createSelfSigned({
      serialNumber: '0a1b2c',
      name: 'O=Huế, CN=thử nghiệm',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2051-01-01T00:00:00Z'),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new peculiar.BasicConstraintsExtension(true, 3, true),
        new peculiar.KeyUsagesExtension(
          peculiar.KeyUsageFlags.keyCertSign | peculiar.KeyUsageFlags.decipherOnly,
          true,
        ),
        new peculiar.ExtendedKeyUsageExtension([Oid.clientAuth, Oid.serverAuth]),
        new peculiar.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'x.example' },
          { type: 'ip', value: '2001:db8::1' },
          { type: 'email', value: 'a@x.example' },
          { type: 'url', value: 'http://x.example/' },
        ]),
        new peculiar.CRLDistributionPointsExtension(['http://x.example/a.crl']),
      ],
    });
    const ours = readCertificate(Buffer.from(made.rawData));
    const value = (oid: string): Uint8Array => ours.extensions.find((item) => item.oid === oid)!.value;
    expect(formatName(ours.subject)).toBe('CN=thử nghiệm,O=Huế');
    expect(ours.notAfter).toBe(Date.UTC(2051, 0, 1));
    expect(readBasicConstraints(value(Oid.basicConstraints))).toEqual({ ca: true, pathLength: 3 });
    expect(readKeyUsage(value(Oid.keyUsage))).toEqual(['keyCertSign', 'decipherOnly']);
    expect(readExtendedKeyUsage(value(Oid.extendedKeyUsage))).toEqual([Oid.clientAuth, Oid.serverAuth]);
    expect(readDistributionPointUrls(value(Oid.crlDistributionPoints))).toEqual(['http://x.example/a.crl']);
    expect(readGeneralNames(value(Oid.subjectAltName)).map(({ kind, text }) => [kind, text])).toEqual([
      ['dns', 'x.example'],
      ['ip', '2001:db8::1'],
      ['email', 'a@x.example'],
      ['uri', 'http://x.example/'],
    ]);
    const request = await peculiar.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=cam-9',
      keys,
      signingAlgorithm: algorithm,
    });
    await verifyRequest(readRequest(Buffer.from(request.rawData)));
  });

  it('reads our CRL the same', async () => {
    const city = await openCity();
    const issued = await city.authority.enrol({
      csr: () => makeCsr('cam-001'),
      token: await cameraToken(city),
    });
    await city.authority.revoke(issued.serial, 'certificateHold', 'user:lan');
    const der = await city.authority.crl('device-ca');
    expect(hex(AsnConvert.serialize(AsnConvert.parse(der, CertificateList)))).toBe(hex(der));
    const theirs = new peculiar.X509Crl(der);
    const ours = readCrl(der);
    expect(theirs.entries.map(({ serialNumber }) => serialNumber.replace(/^00/, ''))).toEqual([
      ...ours.entries.keys(),
    ]);
    expect(ours.entries.get(issued.serial)?.reason).toBe(6);
    const certificate = new peculiar.X509Certificate(city.authority.certificateOf('device-ca'));
    expect(await theirs.verify({ publicKey: certificate })).toBe(true);
  });
});

describe('texts', () => {
  it('round-trips PEM and refuses what is not base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (bytes) => {
        expect(hex(fromPem('X', `before\n${toPem('X', bytes)}after`)[0]!)).toBe(hex(bytes));
      }),
    );
    for (const text of ['a', 'ab==c', 'AAA', '####', 'AA=A', 'AB==']) {
      expect(() => strictBase64(text)).toThrow(expect.objectContaining({ code: 'malformed-pem' }));
    }
    expect(() => fromPem('X', '-----BEGIN X-----\nAAAA')).toThrow(
      expect.objectContaining({ code: 'malformed-pem' }),
    );
  });

  it('round-trips addresses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const bytes = parseAddress(text)!;
        expect(hex(parseAddress(formatAddress(bytes))!)).toBe(hex(bytes));
      }),
    );
    for (const text of ['256.1.1.1', '1.2.3', ':::', 'x', '1:2:3:4:5:6:7:8:9', ''])
      expect(parseAddress(text)).toBeUndefined();
  });

  it('knows host names', () => {
    for (const text of ['a', 'cam-001', 'a.b.c', 'xn--hu-qlc.vn', `${'a'.repeat(63)}.vn`])
      expect(isDnsName(text)).toBe(true);
    for (const text of [
      '',
      '-a',
      'a-',
      'a..b',
      '.a',
      'a.',
      '*.a',
      'a_b',
      'huế',
      '10.0.0.1',
      `${'a'.repeat(64)}.vn`,
      'a b',
      'a\0b',
    ]) {
      expect(isDnsName(text)).toBe(false);
    }
  });

  it('carries any number of certificates in certs-only', () => {
    const one = extension.ocspNoCheck().value;
    expect(readCertsOnly(encodeCertsOnly([one, one])).map(hex)).toEqual([hex(one), hex(one)]);
    expect(readCertsOnly(encodeCertsOnly([]))).toEqual([]);
  });
});

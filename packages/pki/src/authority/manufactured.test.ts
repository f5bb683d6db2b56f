import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DeviceKey, ecKey, makeCsr, openCity } from '../fixtures/city.ts';
import { encodeSigned, encodeTbsCertificate } from '../x509/certificate.ts';
import { extension } from '../x509/extension.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { toPem } from '../x509/pem.ts';

const forever = Date.UTC(9999, 11, 31, 23, 59, 59);
const rootName = encodeName([Oid.organization, 'ACME'], [Oid.commonName, 'ACME IDevID Root']);

function certificate(subject: Uint8Array, key: DeviceKey, signer: DeviceKey, ca: boolean): Uint8Array {
  const tbs = encodeTbsCertificate({
    serial: Buffer.alloc(16, 5),
    signature: 'ecdsa-sha256',
    issuer: rootName,
    notBefore: Date.UTC(2020, 0, 1),
    notAfter: forever,
    subject,
    publicKey: key.spki,
    extensions: [
      extension.basicConstraints(ca),
      extension.keyUsage(ca ? ['keyCertSign'] : ['digitalSignature']),
    ],
  });
  return encodeSigned(tbs, 'ecdsa-sha256', sign('sha256', tbs, signer.privateKey));
}

async function factory() {
  const rootKey = ecKey();
  const rootPem = toPem('CERTIFICATE', certificate(rootName, rootKey, rootKey, true));
  const idevid = (serial: string, signer = rootKey): Uint8Array =>
    certificate(encodeName([Oid.commonName, 'ACME cam'], [Oid.serialNumber, serial]), ecKey(), signer, false);
  const manufacturers = ['brand', 'acme'].map((name) => ({ name, certificatesPem: rootPem }));
  const city = await openCity({ manufacturers });
  await city.authority.expectManufactured({
    manufacturer: 'acme',
    hardwareSerial: 'SN-1',
    deviceId: 'cam-acme-1',
    kind: 'camera',
    zone: 'traffic',
    by: 'user:lan',
  });
  return { city, idevid };
}

describe('a device with its manufacturer’s certificate', () => {
  it('gets its first certificate, under the name that the city gave it, though two share a root', async () => {
    const { city, idevid } = await factory();
    const proof = { certificate: idevid('SN-1'), address: '10.0.0.9' };
    const csr = makeCsr('cam-acme-1');
    const issued = await city.authority.enrolManufactured({ csr: () => csr, ...proof });
    expect(issued).toMatchObject({ subject: 'cam-acme-1', requester: 'manufacturer:acme:SN-1' });
    expect(city.asked.at(-1)).toMatchObject({ action: 'enrol', context: { proof: 'idevid' } });
    await expect(
      city.authority.enrolManufactured({ csr: () => makeCsr('cam-001'), ...proof }),
    ).rejects.toMatchObject({ code: 'subject-mismatch' });
  });

  it('is refused when no one expects it, or when another signed it', async () => {
    const { city, idevid } = await factory();
    const ask = (bytes: Uint8Array) =>
      city.authority.enrolManufactured({ csr: () => makeCsr('cam-acme-1'), certificate: bytes, address: '' });
    await expect(ask(idevid('SN-2'))).rejects.toMatchObject({ code: 'unknown-device' });
    await expect(ask(idevid('SN-1', ecKey()))).rejects.toMatchObject({ code: 'certificate-refused' });
    await expect(ask(Buffer.from('x'))).rejects.toMatchObject({ code: 'malformed-der' });
    await expect(openCity({ manufacturers: [{ name: 'x', certificatesPem: '' }] })).rejects.toMatchObject({
      code: 'bad-setting',
    });
  });
});

import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cameraToken, ecKey, makeCsr, openCity } from '../fixtures/city.ts';
import { readCertificate } from '../x509/certificate.ts';
import { Oid } from '../x509/oids.ts';

const hour = 3_600_000;

describe('a device that the policies keep from a normal certificate', () => {
  it('gets one of the profile `quarantine`: half a day, and no revocation to look for', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    city.risks.add('cam-001');
    const issued = await city.authority.enrol({ csr: () => makeCsr('cam-001'), token });
    expect(issued).toMatchObject({ subject: 'cam-001', profile: 'quarantine' });
    expect(issued.notAfter - city.clock.now()).toBe(12 * hour);
    const { extensions } = readCertificate(Buffer.from(issued.der, 'base64'));
    const oids = extensions.map(({ oid }) => oid);
    expect(oids).toContain(Oid.noRevAvail);
    expect(oids).not.toContain(Oid.crlDistributionPoints);
    expect(oids).not.toContain(Oid.authorityInfoAccess);
    expect(new X509Certificate(Buffer.from(issued.der, 'base64')).subject).toBe('CN=cam-001');
  });

  it('gets the same again when the answer was lost', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    city.risks.add('cam-001');
    const csr = makeCsr('cam-001');
    const issued = await city.authority.enrol({ csr: () => csr, token });
    city.risks.clear();
    expect((await city.authority.enrol({ csr: () => csr, token })).serial).toBe(issued.serial);
  });

  it('renews back to a normal certificate once it is trusted again', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    city.risks.add('cam-001');
    const key = ecKey();
    const first = await city.authority.enrol({ csr: () => makeCsr('cam-001', key), token });
    const renew = () =>
      city.authority.renew({
        csr: () => makeCsr('cam-001', key),
        certificate: Buffer.from(first.der, 'base64'),
      });
    city.clock.pass(8 * hour);
    expect((await renew()).profile).toBe('quarantine');
    city.risks.clear();
    expect((await renew()).profile).toBe('device');
  });

  it('gets nothing at all while it is held', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    city.denied.add('cam-001');
    await expect(city.authority.enrol({ csr: () => makeCsr('cam-001'), token })).rejects.toMatchObject({
      code: 'denied',
    });
  });

  it('loses a quarantine certificate with all others', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    city.risks.add('cam-001');
    const issued = await city.authority.enrol({ csr: () => makeCsr('cam-001'), token });
    await city.authority.revokeDevice('cam-001', 'keyCompromise', 'user:lan');
    const verdict = await city.authority.verifyClient(Buffer.from(issued.der, 'base64'));
    expect(verdict).toMatchObject({ ok: false, reason: 'revoked' });
  });
});

import { describe, expect, it } from 'vitest';
import { cameraToken, makeCsr, openCity } from '../fixtures/city.ts';
import { findPath } from '../path/build.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readCertsOnly } from '../x509/cms.ts';
import { readCrl } from '../x509/crl.ts';
import { sameName } from '../x509/name.ts';
import { fromPem } from '../x509/pem.ts';

const der = (certificate: { der: string }): Buffer => Buffer.from(certificate.der, 'base64');

describe('rollover', () => {
  it('of the device authority issues with the new key and goes on answering for the old one', async () => {
    const city = await openCity();
    const enrolled = async (id: string) =>
      city.authority.enrol({ csr: () => makeCsr(id), token: await cameraToken(city, id) });
    const before = await enrolled('cam-001');
    expect(await city.authority.rollOver('device-ca', 'user:lan')).toBe('device-ca-2');
    const after = await enrolled('cam-002');
    expect([before.issuer, after.issuer]).toEqual(['device-ca-1', 'device-ca-2']);
    for (const each of [before, after]) {
      expect(await city.authority.verifyClient(der(each))).toMatchObject({ ok: true, device: each.subject });
      await city.authority.revoke(each.serial, 'superseded', 'user:lan');
      expect(readCrl(await city.authority.crl(each.issuer)).entries.has(each.serial)).toBe(true);
    }
    const again = await city.reopen();
    expect(again.issuers()).toEqual(['root-1', 'device-ca-1', 'device-ca-2', 'service-ca-1']);
    expect(again.chainPem('device-ca')).toBe(again.chainPem('device-ca-2'));
  });

  it('lets those who trust one generation of root or authority follow a path to what the other proves', async () => {
    const city = await openCity();
    const old = await city.authority.enrol({ csr: () => makeCsr('cam-001'), token: await cameraToken(city) });
    await city.authority.rollOver('root', 'user:lan');
    await city.authority.rollOver('device-ca', 'user:lan');
    const fresh = await city.authority.enrol({
      csr: () => makeCsr('cam-002'),
      token: await cameraToken(city, 'cam-002'),
    });
    const reopened = await city.reopen();
    const pool = readCertsOnly(reopened.caCertificates()).map((each) => readCertificate(each));
    expect(pool).toHaveLength(9);
    for (const anchor of ['root-1', 'root-2', 'device-ca-1', 'device-ca-2']) {
      const anchors = [readCertificate(reopened.certificateOf(anchor))];
      for (const leaf of [old, fresh]) {
        expect(
          findPath(readCertificate(der(leaf)), pool, { anchors, at: city.clock.now() }).path,
        ).toBeDefined();
      }
    }
    expect(reopened.chainPem('device-ca-1')).toContain(city.authority.root.pem);
  });

  it('gives who trusts one authority alone a bridge on which no key stands twice', async () => {
    const city = await openCity();
    for (const role of ['root', 'device-ca', 'root', 'device-ca'] as const)
      await city.authority.rollOver(role, 'user:lan');
    const all = city.authority.issuers();
    for (const anchor of all.filter((id) => !id.startsWith('service'))) {
      const bridge = fromPem('CERTIFICATE', city.authority.bridgePem(anchor)).map((each) =>
        readCertificate(each),
      );
      const keys = bridge.map(({ publicKey }) => Buffer.from(publicKey).toString('hex'));
      expect(new Set(keys).size).toBe(keys.length);
      const anchors = [readCertificate(city.authority.certificateOf(anchor))];
      const near = anchor.startsWith('root') ? all.filter((id) => id.startsWith('device-ca')) : [];
      for (const id of near) {
        const { subject } = readCertificate(city.authority.certificateOf(id));
        const target = bridge.find((each) => sameName(each.subject, subject));
        if (anchor === 'root-2') expect(target).toBeDefined();
        // Two generations apart the path is longer than the first root allows; the next bridge leads on.
        if (target === undefined) continue;
        expect(findPath(target, bridge, { anchors, at: city.clock.now() }).path).toBeDefined();
      }
    }
    expect(fromPem('CERTIFICATE', city.authority.bridgePem('device-ca-2'))).toHaveLength(2);
  });

  it('keeps the server certificate with the chain that proves it', async () => {
    const city = await openCity();
    const before = await city.authority.serverCertificate({ names: ['localhost'] });
    await city.authority.rollOver('service-ca', 'user:lan');
    expect(await city.authority.serverCertificate({ names: ['localhost'] })).toEqual(before);
    await city.authority.rollOver('root', 'user:lan');
    const after = await city.authority.serverCertificate({ names: ['localhost'] });
    // Those who trust the new root alone follow the cross to the old one.
    expect(after.chainPem.startsWith(before.chainPem)).toBe(true);
    expect(after.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    const renamed = await city.authority.serverCertificate({ names: ['kydai.hue.example', '10.0.0.1'] });
    expect(renamed.keyPem).not.toBe(before.keyPem);
    expect(await city.keys.list()).toEqual([
      'device-ca-1',
      'root-1',
      'root-2',
      'server-2',
      'service-ca-1',
      'service-ca-2',
    ]);
  });
});

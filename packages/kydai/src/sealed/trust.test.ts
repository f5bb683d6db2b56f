import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryRecords } from '@kydai/contracts/testing';
import { certificationRequest, createDeviceKey } from '@kydai/device';
import { type Authority, makeKeyAndRequest, openAuthority, openKeyStore, readCertsOnly } from '@kydai/pki';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CertificateSource } from './source.ts';
import { trustDevices } from './trust.ts';

const unavailable = { code: 'server-unavailable' };
const digestOf = (der: Uint8Array) => createHash('sha256').update(der).digest('base64url');

describe('what a receiving service believes of devices', () => {
  let folder: string;
  let now: number;
  let authority: Authority;
  let source: CertificateSource;
  let asked: string[];
  const clock = { now: () => now };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-trust-'));
    now = Date.UTC(2026, 10, 22);
    const keys = await openKeyStore({
      folder,
      passphrase: 'một mật khẩu dài',
      cost: { n: 1024, r: 8, p: 1 },
    });
    authority = await openAuthority({
      records: new MemoryRecords(),
      keys,
      clock,
      decide: () => ({ allowed: true, outcome: 'permitted', determining: [], failures: [], policySet: '' }),
      publicUrl: 'http://pki.hue.example',
      organization: 'Huế',
    });
    asked = [];
    source = {
      certificate: async () => undefined,
      authorities: async () => readCertsOnly(authority.caCertificates()),
      async ocsp(url, request) {
        asked.push(url);
        return authority.ocsp(request);
      },
      async crl(url) {
        const [, issuer = '', shard] = /\/pki\/crl\/([a-z0-9-]+)(?:\/(\d+))?\.crl$/.exec(url) ?? [];
        return authority.crl(issuer, shard === undefined ? undefined : Number(shard));
      },
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function issued(subject: string, profile: 'device' | 'service' | 'staff' = 'device') {
    const asked = await makeKeyAndRequest({ subject, keyType: 'EC-P256', emails: ['lan@hue.example'] });
    const csr =
      profile === 'staff'
        ? Buffer.from(asked.request.replace(/-----[^-]+-----/g, ''), 'base64')
        : certificationRequest(createDeviceKey(), subject);
    const { der, serial } = await authority.issue({ csr, profile, subject, by: 'user:lan' });
    return { der: Buffer.from(der, 'base64'), serial, digest: digestOf(Buffer.from(der, 'base64')) };
  }

  function trust(changes: Partial<CertificateSource> = {}, known: readonly Uint8Array[] = []) {
    return trustDevices({
      anchors: [authority.certificateOf('root-1')],
      source: { ...source, ...changes },
      certificates: known,
      crls: [],
      recheck: 10_000,
      clock,
    });
  }

  it('is the certificate that was signed with, found by its serial number or known beforehand', async () => {
    const device = await issued('cam-1');
    const bySerial = trust({
      certificate: async (serial) => (serial === device.serial ? device.der : undefined),
    });
    expect(await bySerial(device.digest, device.serial)).toEqual(device.der);
    expect(await trust({}, [device.der])(device.digest, undefined)).toEqual(device.der);
    for (const serial of [undefined, 'ff', '../../etc', 'A'.repeat(99)])
      await expect(trust()(device.digest, serial)).rejects.toThrow(/nobody knows/);
    const other = await issued('cam-2');
    const lying = trust({ certificate: async () => other.der });
    await expect(lying(device.digest, device.serial)).rejects.toThrow(/nobody knows/);
  });

  it('ends with a revocation once the status is asked about again, and not before', async () => {
    const device = await issued('cam-1');
    const certificateOf = trust({}, [device.der]);
    await certificateOf(device.digest, undefined);
    await authority.revoke(device.serial, 'keyCompromise', 'user:lan');
    now += 9000;
    await certificateOf(device.digest, undefined);
    expect(asked).toHaveLength(1);
    now += 2000;
    await expect(certificateOf(device.digest, undefined)).rejects.toThrow('certificate is revoked');
    await expect(certificateOf(device.digest, undefined)).rejects.toThrow('certificate is revoked');
  });

  it('is no service, no authority, and nobody of another city', async () => {
    const service = await issued('cam-1', 'service');
    const person = await issued('cam-1', 'staff');
    for (const { der, digest } of [service, person])
      await expect(trust({}, [der])(digest, undefined)).rejects.toThrow(/not of a device/);
    const ca = authority.certificateOf('device-ca');
    await expect(trust({}, [ca])(digestOf(ca), undefined)).rejects.toThrow(/authority/);
    const device = await issued('cam-1');
    const elsewhere = trustDevices({
      anchors: [service.der],
      source,
      certificates: [device.der],
      crls: [],
      recheck: 0,
      clock,
    });
    await expect(elsewhere(device.digest, undefined)).rejects.toThrow(/no path/);
  });

  it('is unknown, and not wrong, while answers fail or are disturbed on the way', async () => {
    const device = await issued('cam-1');
    const junk = Buffer.from('<html>captive portal</html>');
    const refusing = Buffer.from('30030a0103', 'hex');
    const disturbed: Partial<CertificateSource>[] = [
      { ocsp: async () => junk },
      { ocsp: async () => new Uint8Array(0) },
      { ocsp: async () => refusing },
      { ocsp: async (_url, request) => request },
      { authorities: async () => [junk] },
      { crl: async () => junk },
      { crl: async () => authority.crl('device-ca-1', undefined) },
    ];
    for (const change of disturbed)
      await expect(trust(change, [device.der])(device.digest, undefined)).rejects.toMatchObject(unavailable);
  });

  it('does not rest on an answer that was good once', async () => {
    const device = await issued('cam-1');
    let kept: Uint8Array | undefined;
    const replaying = {
      ocsp: async (_url: string, request: Uint8Array) => (kept ??= await authority.ocsp(request)),
    };
    const certificateOf = trust(replaying, [device.der]);
    await certificateOf(device.digest, undefined);
    await authority.revoke(device.serial, 'keyCompromise', 'user:lan');
    now += 11 * 60_000;
    await expect(certificateOf(device.digest, undefined)).rejects.toMatchObject(unavailable);
  });

  it('grows with a new generation of the authority', async () => {
    const first = await issued('cam-1');
    const known: Uint8Array[] = [first.der];
    const certificateOf = trust({
      certificate: async (serial) => known.find((der) => Buffer.from(der).toString('hex').includes(serial)),
    });
    await certificateOf(first.digest, first.serial);
    await authority.rollOver('device-ca', 'user:lan');
    const second = await issued('cam-2');
    known.push(second.der);
    now += 6000;
    expect(await certificateOf(second.digest, second.serial)).toEqual(second.der);
  });
});

import { describe, expect, it } from 'vitest';
import { type City, cameraToken, makeCsr, openCity } from '../fixtures/city.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readCrl } from '../x509/crl.ts';
import { findExtension } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import { createCrlHandler } from './handler.ts';

const day = 86_400_000;

async function enrolled(city: City, id: string): Promise<string> {
  return (await city.authority.enrol({ csr: () => makeCsr(id), token: await cameraToken(city, id) })).serial;
}

const numberOf = (der: Uint8Array): number => {
  const { value } = findExtension(readCrl(der).extensions, Oid.crlNumber)!;
  return Buffer.from(value).readUIntBE(2, value.length - 2);
};

describe('a CRL', () => {
  it('is signed, empty at first, and the same until something changes', async () => {
    const city = await openCity();
    const first = await city.authority.crl('device-ca');
    const parsed = readCrl(first);
    const key = readPublicKey(readCertificate(city.authority.certificateOf('device-ca')).publicKey);
    expect(parsed.entries.size).toBe(0);
    expect(verifySignature(key, parsed.signatureAlgorithm, parsed.tbs, parsed.signature)).toBe(true);
    city.clock.pass(3600_000);
    expect(await city.authority.crl('device-ca-1')).toBe(first);
    city.clock.pass(day);
    const next = await city.authority.crl('device-ca');
    expect(numberOf(next)).toBe(numberOf(first) + 1);
    expect(readCrl(next).nextUpdate).toBeGreaterThan(city.clock.now() + day);
  });

  it('lists a revocation at once, and drops it only after a list beyond its end', async () => {
    const city = await openCity();
    const serial = await enrolled(city, 'cam-001');
    await city.authority.crl('device-ca');
    await city.authority.revoke(serial, 'superseded', 'user:lan', city.clock.now() - day);
    const entry = readCrl(await city.authority.crl('device-ca')).entries.get(serial);
    expect(entry).toMatchObject({ reason: 4, at: city.clock.now() - day });
    city.clock.pass(91 * day);
    expect(readCrl(await city.authority.crl('device-ca')).entries.has(serial)).toBe(true);
    city.clock.pass(2 * day);
    expect(readCrl(await city.authority.crl('device-ca')).entries.has(serial)).toBe(false);
  });

  it('numbers upwards over restarts and when asked many times at once', async () => {
    const city = await openCity();
    const serials = await Promise.all(['cam-1', 'cam-2', 'cam-3'].map((id) => enrolled(city, id)));
    let last = numberOf(await city.authority.crl('device-ca'));
    for (const serial of serials) {
      await city.authority.revoke(serial, 'superseded', 'user:lan');
      const lists = await Promise.all([1, 2, 3].map(() => city.authority.crl('device-ca')));
      expect(new Set(lists.map(numberOf))).toEqual(new Set([last + 1]));
      last += 1;
    }
    const again = await city.reopen();
    expect(numberOf(await again.crl('device-ca'))).toBe(last + 1);
    expect(readCrl(await again.crl('device-ca')).entries.size).toBe(3);
  });

  it('of a shard covers the certificates that point to it, and says which those are', async () => {
    const city = await openCity();
    const serial = await enrolled(city, 'cam-001');
    await city.authority.revoke(serial, 'superseded', 'user:lan');
    const shard = readCrl(await city.authority.crl('device-ca', 0));
    expect(shard.entries.has(serial)).toBe(true);
    expect(findExtension(shard.extensions, Oid.issuingDistributionPoint)?.critical).toBe(true);
    expect(readCrl(await city.authority.crl('device-ca', 1)).entries.size).toBe(0);
  });

  it('has a delta with the same number that holds what came since its base', async () => {
    const city = await openCity();
    const [first, second] = [await enrolled(city, 'cam-001'), await enrolled(city, 'cam-002')];
    await city.authority.revoke(first, 'superseded', 'user:lan');
    city.clock.pass(3600_000);
    const base = await city.authority.crl('device-ca');
    city.clock.pass(60_000);
    await city.authority.revoke(second, 'superseded', 'user:lan');
    const [complete, delta] = [
      await city.authority.crl('device-ca'),
      await city.authority.deltaCrl('device-ca'),
    ];
    expect([...readCrl(delta).entries.keys()]).toEqual([second]);
    expect(readCrl(complete).entries.size).toBe(2);
    expect(numberOf(delta)).toBe(numberOf(complete));
    const indicator = findExtension(readCrl(delta).extensions, Oid.deltaCrlIndicator)!;
    expect(indicator).toMatchObject({ critical: true });
    expect(indicator.value.at(-1)).toBe(numberOf(base));
    city.clock.pass(day / 2);
    await city.authority.revoke(await enrolled(city, 'cam-003'), 'superseded', 'user:lan');
    expect(readCrl(await city.authority.deltaCrl('device-ca')).entries.size).toBe(1);
  });

  it('has a delta with what was dated before its base and written down after it', async () => {
    const city = await openCity();
    const serial = await enrolled(city, 'cam-001');
    const base = readCrl(await city.authority.crl('device-ca'));
    city.clock.pass(-5000);
    await city.authority.revoke(serial, 'keyCompromise', 'user:lan');
    city.clock.pass(6000);
    const delta = readCrl(await city.authority.deltaCrl('device-ca'));
    expect(base.entries.has(serial)).toBe(false);
    expect(delta.entries.has(serial)).toBe(true);
  });

  it('loses no revocation when many come at once', async () => {
    const city = await openCity();
    const serials = await Promise.all(
      Array.from({ length: 30 }, (_, index) => enrolled(city, `cam-${index}`)),
    );
    await Promise.all(serials.map((serial) => city.authority.revoke(serial, 'superseded', 'user:lan')));
    expect(new Set(readCrl(await city.authority.crl('device-ca')).entries.keys())).toEqual(new Set(serials));
  });

  it('of the root lists a revoked issuing authority', async () => {
    const city = await openCity();
    const { serialHex } = readCertificate(city.authority.certificateOf('service-ca'));
    await city.authority.revoke(serialHex, 'cACompromise', 'user:lan');
    expect([...readCrl(await city.authority.crl('root')).entries.keys()]).toEqual([serialHex]);
  });
});

describe('over HTTP', () => {
  it('serves lists and authorities, and nothing that does not exist', async () => {
    const city = await openCity();
    const handle = createCrlHandler({ authority: city.authority });
    const get = (path: string, method = 'GET'): Promise<Response> =>
      handle(new Request(`http://x${path}`, { method }));
    expect((await get('/pki/crl/device-ca.crl')).headers.get('content-type')).toBe('application/pkix-crl');
    expect((await get('/pki/crl/device-ca-1/0.crl')).status).toBe(200);
    const ca = await get('/pki/ca/root-1.crt');
    expect(readCertificate(Buffer.from(await ca.arrayBuffer())).version).toBe(3);
    for (const path of [
      '/pki/crl/nope.crl',
      '/pki/ca/nope.crt',
      '/pki/crl/..%2f.crl',
      '/pki/crl/device-ca.der',
    ]) {
      expect((await get(path)).status).toBe(404);
    }
    expect((await get('/pki/crl/device-ca.crl', 'POST')).status).toBe(405);
    expect((await get('/pki/crl/device-ca-1/999999999.crl')).status).toBe(404);
  });
});

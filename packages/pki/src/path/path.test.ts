import { describe, expect, it } from 'vitest';
import { cameraToken, makeCsr, openCity } from '../fixtures/city.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readCrl } from '../x509/crl.ts';
import { Oid } from '../x509/oids.ts';
import { findPath } from './build.ts';
import { revocationBy } from './revocation.ts';
import { pathFault, sameNameText } from './validate.ts';

const day = 86_400_000;

async function enrolledCity() {
  const city = await openCity();
  const issued = await city.authority.enrol({
    csr: () => makeCsr('cam-001'),
    token: await cameraToken(city),
  });
  const [root, device, service] = ['root', 'device-ca', 'service-ca'].map((id) =>
    readCertificate(city.authority.certificateOf(id)),
  );
  return {
    city,
    root: root!,
    device: device!,
    service: service!,
    leaf: readCertificate(Buffer.from(issued.der, 'base64')),
  };
}

describe('a path', () => {
  it('is found over the right authority and is good only at its time, for its purpose, in its order', async () => {
    const { city, root, device, service, leaf } = await enrolledCity();
    const options = { anchors: [root], at: city.clock.now(), purpose: Oid.clientAuth };
    expect(findPath(leaf, [service, device], options).path).toEqual([device, leaf]);
    expect(findPath(leaf, [service], options)).toMatchObject({ fault: expect.stringContaining('no path') });
    expect(findPath(leaf, [device], { ...options, purpose: Oid.serverAuth })).toMatchObject({
      fault: 'certificate is not for serverAuth',
    });
    expect(findPath(leaf, [device], { ...options, at: options.at + 91 * day })).toHaveProperty('fault');
    expect(pathFault([leaf, device], { ...options, anchor: root })).toContain('issuer');
    expect(pathFault([], { ...options, anchor: root })).toBe('path is empty');
    const stranger = await enrolledCity();
    expect(findPath(leaf, [stranger.device], { ...options, anchors: [stranger.root] }).path).toBeUndefined();
  });

  it('needs a CRL that covers it and does not list it', async () => {
    const { city, root, device, leaf } = await enrolledCity();
    const check = async () => {
      const crls = [await city.authority.crl('root'), await city.authority.crl('device-ca', 0)].map((der) =>
        readCrl(der),
      );
      const sources = { crls, pool: [device], anchors: [root], at: city.clock.now() };
      return findPath(leaf, [device], { ...sources, revocation: revocationBy(sources) });
    };
    expect((await check()).path).toHaveLength(2);
    await city.authority.revoke(leaf.serialHex, 'keyCompromise', 'user:lan');
    expect(await check()).toMatchObject({ fault: 'certificate is revoked' });
    const sources = { crls: [], pool: [device], anchors: [root], at: city.clock.now() };
    expect(findPath(leaf, [device], { ...sources, revocation: revocationBy(sources) })).toMatchObject({
      fault: 'no current CRL covers the certificate',
    });
  });

  it('is not made of a leaf that plays authority', async () => {
    const { city, root, device, leaf } = await enrolledCity();
    const below = { ...leaf, issuer: leaf.subject };
    expect(pathFault([device, leaf, below], { anchor: root, at: city.clock.now() })).toContain(
      'not that of an authority',
    );
    expect(sameNameText(leaf.subject, leaf.issuer)).toBe(false);
  });
});

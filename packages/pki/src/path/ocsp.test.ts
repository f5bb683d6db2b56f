import { describe, expect, it } from 'vitest';
import { type City, cameraToken, makeCsr, openCity } from '../fixtures/city.ts';
import { ocspRequestFor } from '../ocsp/ask.ts';
import { readCertificate } from '../x509/certificate.ts';
import { encodeOcspError } from '../x509/ocsp-response.ts';
import { ocspFault } from './ocsp.ts';
import { statusPlaces } from './status-places.ts';

async function asked(city: City, id: string, revoke = false) {
  const token = await cameraToken(city, id);
  const { der, serial } = await city.authority.enrol({ csr: () => makeCsr(id), token });
  if (revoke) await city.authority.revoke(serial, 'keyCompromise', 'user:lan');
  const certificate = readCertificate(Buffer.from(der, 'base64'));
  const issuer = readCertificate(city.authority.certificateOf('device-ca'));
  const answer = await city.authority.ocsp(ocspRequestFor(issuer.der, certificate.der));
  return { certificate, issuer, answer, at: city.clock.now() };
}

describe('an OCSP answer', () => {
  it('shows that a certificate is good, until it ends', async () => {
    const { answer, ...about } = await asked(await openCity(), 'cam-1');
    expect(ocspFault(answer, about)).toBeUndefined();
    expect(ocspFault(answer, { ...about, at: about.at + 601_000 })).toMatch(/too old/);
    expect(ocspFault(answer, { ...about, at: about.at - 120_000 })).toMatch(/from the future/);
  });

  it('shows that it is revoked', async () => {
    const { answer, ...about } = await asked(await openCity(), 'cam-1', true);
    expect(ocspFault(answer, about)).toBe('certificate is revoked');
  });

  it('counts for the certificate that it is about, and by its authority alone', async () => {
    const city = await openCity();
    const [one, other] = [await asked(city, 'cam-1'), await asked(city, 'cam-2')];
    expect(ocspFault(one.answer, other)).toMatch(/another certificate/);
    const stranger = await asked(await openCity(), 'cam-1');
    expect(ocspFault(stranger.answer, one)).toMatch(/another certificate/);
    const root = readCertificate(city.authority.certificateOf('root-1'));
    expect(ocspFault(one.answer, { ...one, issuer: root })).toMatch(/another certificate/);
  });

  it('is none when any octet of what is signed was changed', async () => {
    const { answer, ...about } = await asked(await openCity(), 'cam-1');
    let believed = 0;
    for (let at = 0; at < answer.length; at += 7) {
      const changed = Uint8Array.from(answer);
      changed[at]! ^= 1;
      try {
        if (ocspFault(changed, about) === undefined) believed++;
      } catch (error) {
        expect(error).toMatchObject({ name: 'PkiError' });
      }
    }
    expect(believed).toBe(0);
  });

  it('may be a refusal, which shows nothing', async () => {
    const about = await asked(await openCity(), 'cam-1');
    expect(ocspFault(encodeOcspError('tryLater'), about)).toMatch(/try later/);
    expect(ocspFault(encodeOcspError('unauthorized'), about)).toMatch(/refuses with status 6/);
  });

  it('is to be had where the certificate says', async () => {
    const { certificate } = await asked(await openCity(), 'cam-1');
    expect(statusPlaces(certificate)).toEqual({
      ocsp: [expect.stringMatching(/^http.*\/pki\/ocsp$/)],
      crl: [expect.stringMatching(/^http.*\.crl$/)],
      never: false,
    });
  });
});

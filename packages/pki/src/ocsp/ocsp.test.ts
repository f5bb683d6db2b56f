import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { context, octetString, sequence } from '../der/writer.ts';
import { type City, cameraToken, makeCsr, openCity } from '../fixtures/city.ts';
import { ecKey } from '../fixtures/request.ts';
import { readCertificate } from '../x509/certificate.ts';
import { encodeExtensions } from '../x509/extension.ts';
import { encodeCertId, encodeOcspRequest, readOcspRequest } from '../x509/ocsp-request.ts';
import { type ParsedOcspResponse, readOcspResponse } from '../x509/ocsp-response.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import { createOcspHandler } from './handler.ts';

function certId(
  city: City,
  serial: string,
  hash: 'sha1' | 'sha256' = 'sha1',
  issuer = 'device-ca',
): Uint8Array {
  const certificate = readCertificate(city.authority.certificateOf(issuer));
  const key = readPublicKey(certificate.publicKey);
  const digest = (data: Uint8Array): Uint8Array => createHash(hash).update(data).digest();
  return encodeCertId(Oid[hash], digest(certificate.subject.der), digest(key.bits), serial);
}

const ask = async (city: City, ids: Uint8Array[], nonce?: Uint8Array): Promise<ParsedOcspResponse> =>
  readOcspResponse(await city.authority.ocsp(encodeOcspRequest(ids, nonce)));

async function enrolled(city: City, id = 'cam-001'): Promise<string> {
  return (await city.authority.enrol({ csr: () => makeCsr(id), token: await cameraToken(city, id) })).serial;
}

describe('an answer', () => {
  it('says good, revoked and unknown, by SHA-1 and by SHA-256 names', async () => {
    const city = await openCity();
    const [good, revoked] = [await enrolled(city), await enrolled(city, 'cam-002')];
    await city.authority.revoke(revoked, 'cessationOfOperation', 'user:lan');
    for (const hash of ['sha1', 'sha256'] as const) {
      const answer = await ask(
        city,
        [good, revoked, 'deadbeef'].map((serial) => certId(city, serial, hash)),
      );
      expect(answer.status).toBe(0);
      expect(answer.singles.map(({ state, reason }) => [state, reason])).toEqual([
        ['good', undefined],
        ['revoked', 5],
        ['unknown', undefined],
      ]);
    }
  });

  it('is signed by a delegated responder whose certificate is not checked itself, and repeats the nonce', async () => {
    const city = await openCity();
    const nonce = Buffer.alloc(32, 7);
    const answer = await ask(city, [certId(city, await enrolled(city))], nonce);
    const responder = readCertificate(answer.certificates[0]!);
    const purposes = responder.extensions.map(({ oid }) => oid);
    expect(purposes).toContain(Oid.ocspNoCheck);
    const key = readPublicKey(responder.publicKey);
    expect(verifySignature(key, answer.signatureAlgorithm!, answer.data!, answer.signature!)).toBe(true);
    expect(Buffer.from(answer.data!).includes(Buffer.from(octetString(nonce)))).toBe(true);
    expect(await city.authority.verifyClient(answer.certificates[0]!)).toMatchObject({
      ok: false,
      reason: 'not-a-device',
    });
  });

  it('sees a revocation at once, and renews its responder in time', async () => {
    const city = await openCity();
    const serial = await enrolled(city);
    expect((await ask(city, [certId(city, serial)])).singles[0]?.state).toBe('good');
    await city.authority.revokeDevice('cam-001', 'keyCompromise', 'playbook:1');
    const revoked = await ask(city, [certId(city, serial)]);
    expect(revoked.singles[0]).toMatchObject({ state: 'revoked', reason: 1, revokedAt: city.clock.now() });
    city.clock.pass(10 * 86_400_000);
    const later = await ask(city, [certId(city, serial)]);
    expect(Buffer.compare(later.certificates[0]!, revoked.certificates[0]!)).not.toBe(0);
  });

  it('says revoked of every certificate of a key that was compromised, and of no other', async () => {
    const city = await openCity();
    const key = ecKey();
    const first = await city.authority.enrol({
      csr: () => makeCsr('cam-001', key),
      token: await cameraToken(city, 'cam-001'),
    });
    const second = await city.authority.renew({
      csr: () => makeCsr('cam-001', key),
      certificate: Buffer.from(first.der, 'base64'),
    });
    const third = await city.authority.renew({
      csr: () => makeCsr('cam-001', ecKey()),
      certificate: Buffer.from(second.der, 'base64'),
    });
    const states = async () => {
      const ids = [first, second, third].map(({ serial }) => certId(city, serial));
      return (await ask(city, ids)).singles.map(({ state }) => state);
    };
    expect(await states()).toEqual(['good', 'good', 'good']);
    await city.authority.revoke(second.serial, 'keyCompromise', 'user:lan');
    expect(await states()).toEqual(['revoked', 'revoked', 'good']);
  });

  it('is signed once for many who ask without a nonce, and never given again after a revocation', async () => {
    const city = await openCity();
    const serial = await enrolled(city);
    const asked = (): Promise<Uint8Array> => city.authority.ocsp(encodeOcspRequest([certId(city, serial)]));
    const first = await asked();
    city.clock.pass(60_000);
    expect(await asked()).toBe(first);
    city.clock.pass(300_000);
    const second = await asked();
    expect(readOcspResponse(second).producedAt).toBe(city.clock.now());
    const [, during] = await Promise.all([
      city.authority.revoke(serial, 'keyCompromise', 'user:lan'),
      asked(),
    ]);
    expect(readOcspResponse(during).status).toBe(0);
    expect(readOcspResponse(await asked()).singles[0]?.state).toBe('revoked');
  });

  it('is signed ahead of its end while somebody asks, and let go when nobody does', async () => {
    const city = await openCity();
    const serial = await enrolled(city);
    const asked = (): Promise<Uint8Array> => city.authority.ocsp(encodeOcspRequest([certId(city, serial)]));
    const first = await asked();
    city.clock.pass(240_000);
    expect((await city.authority.tend()).answers).toBe(0);
    city.clock.pass(60_000);
    expect((await city.authority.tend()).answers).toBe(1);
    const ahead = await asked();
    expect(ahead).not.toBe(first);
    expect(readOcspResponse(ahead).producedAt).toBe(city.clock.now());
    await city.authority.revoke(serial, 'keyCompromise', 'user:lan');
    city.clock.pass(300_000);
    expect((await city.authority.tend()).answers).toBe(0);
    expect(readOcspResponse(await asked()).singles[0]?.state).toBe('revoked');
    city.clock.pass(3_600_000);
    expect((await city.authority.tend()).answers).toBe(0);
    expect((await city.authority.health()).authorities[1]?.responder?.answers).toBe(0);
  });

  it('leaves the nonce out where the policy says so, and so costs a flood no signatures', async () => {
    const city = await openCity({ ocspNonce: 'omit' });
    const id = certId(city, await enrolled(city));
    const asked = (nonce: number): Promise<Uint8Array> =>
      city.authority.ocsp(encodeOcspRequest([id], Buffer.alloc(32, nonce)));
    const first = await asked(1);
    expect(Buffer.from(first).includes(Buffer.alloc(32, 1))).toBe(false);
    expect(await asked(2)).toBe(first);
  });

  it('is `tryLater` for those beyond what is signed at a time, and for nobody while the flood is over', async () => {
    const city = await openCity();
    const id = certId(city, await enrolled(city));
    const statuses = await Promise.all(
      Array.from(
        { length: 200 },
        async (_, index) => (await ask(city, [id], Buffer.alloc(16, index))).status,
      ),
    );
    expect(statuses.filter((status) => status === 0)).toHaveLength(64);
    expect(statuses.filter((status) => status === 3)).toHaveLength(136);
    expect((await ask(city, [id], Buffer.alloc(16))).status).toBe(0);
  });

  it('sees within a second what another process revoked', async () => {
    const city = await openCity();
    const serial = await enrolled(city);
    const other = await city.reopen();
    expect((await ask(city, [certId(city, serial)])).singles[0]?.state).toBe('good');
    await other.revoke(serial, 'keyCompromise', 'user:lan');
    city.clock.pass(1000);
    expect((await ask(city, [certId(city, serial)])).singles[0]?.state).toBe('revoked');
  });

  it('is an error for what is malformed and for authorities that are not ours', async () => {
    const city = await openCity();
    const other = await openCity();
    expect((await ask(city, [certId(other, 'aa')])).status).toBe(6);
    expect(readOcspResponse(await city.authority.ocsp(Buffer.from('junk'))).status).toBe(1);
    expect((await ask(city, [certId(city, 'aa')], Buffer.alloc(129))).status).toBe(1);
    const many = Array.from({ length: 21 }, () => certId(city, 'aa'));
    expect((await ask(city, many)).status).toBe(1);
  });

  it('is an error for a critical extension that is not understood, of the request or of a part', async () => {
    const city = await openCity();
    const id = certId(city, await enrolled(city));
    // RFC 6960 sections 4.4.6 and 4.4.7.1: serviceLocator, preferredSignatureAlgorithms.
    for (const critical of [false, true]) {
      const extensions = (oid: string) => encodeExtensions([{ oid, critical, value: sequence() }]);
      const part = sequence(id, context(0, extensions('1.3.6.1.5.5.7.48.1.7')));
      const whole = context(2, extensions('1.3.6.1.5.5.7.48.1.8'));
      for (const body of [[sequence(part)], [sequence(sequence(id)), whole]]) {
        const answer = readOcspResponse(await city.authority.ocsp(sequence(sequence(...body))));
        expect(answer.status).toBe(critical ? 1 : 0);
      }
    }
  });

  it('is never about two authorities, ours or not, since one responder cannot speak for both', async () => {
    const city = await openCity();
    const serial = await enrolled(city);
    const [ours, another] = [certId(city, serial), certId(city, serial, 'sha256', 'service-ca')];
    const strangers = certId(await openCity(), serial);
    for (const ids of [
      [ours, another],
      [another, ours],
      [ours, strangers],
      [strangers, ours],
    ])
      expect(await ask(city, ids, Buffer.alloc(16))).toMatchObject({ status: 6, singles: [] });
    const both = await ask(city, [ours, certId(city, serial, 'sha256')]);
    expect(both.singles.map(({ state }) => state)).toEqual(['good', 'good']);
  });

  it('never fails for random or damaged requests', async () => {
    const city = await openCity();
    const sound = encodeOcspRequest([certId(city, 'aabbcc')], Buffer.alloc(16));
    expect(readOcspRequest(sound).certIds[0]?.serial).toBe('aabbcc');
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length - 1), fc.nat(255), async (at, value) => {
        const damaged = Buffer.from(sound);
        damaged[at] = value;
        expect([0, 1, 6]).toContain(readOcspResponse(await city.authority.ocsp(damaged)).status);
      }),
      { numRuns: 300 },
    );
  });
});

describe('over HTTP', () => {
  it('takes GET with and without escapes, POST, and nothing else', async () => {
    const city = await openCity();
    const handle = createOcspHandler({ authority: city.authority });
    const request = encodeOcspRequest([certId(city, await enrolled(city))]);
    const base64 = Buffer.from(request).toString('base64');
    const url = 'http://pki.example/pki/ocsp';
    const calls = [
      new Request(url, { method: 'POST', body: new Uint8Array(request) }),
      new Request(`${url}/${encodeURIComponent(base64)}`),
      new Request(`${url}/${base64}`),
    ];
    for (const call of calls) {
      const response = await handle(call);
      expect(response.headers.get('content-type')).toBe('application/ocsp-response');
      expect(readOcspResponse(Buffer.from(await response.arrayBuffer())).singles[0]?.state).toBe('good');
    }
    expect((await handle(new Request(url, { method: 'PUT', body: 'x' }))).status).toBe(405);
    expect((await handle(new Request('http://pki.example/x'))).status).toBe(404);
    expect((await handle(new Request(url, { method: 'POST', body: 'x'.repeat(20_000) }))).status).toBe(413);
    const junk = await handle(new Request(`${url}/%%%`));
    expect(readOcspResponse(Buffer.from(await junk.arrayBuffer())).status).toBe(1);
  });
});

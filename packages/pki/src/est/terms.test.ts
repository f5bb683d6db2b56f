import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { context, integer, octetString, oid, sequence, setOf, utf8String } from '../der/writer.ts';
import { cameraToken, makeCsr, openCity } from '../fixtures/city.ts';
import { ecKey } from '../fixtures/request.ts';
import { encodeSigned } from '../x509/certificate.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { createEstHandler, type Peer } from './handler.ts';

/** A request whose challengePassword is this value. */
function boundRequest(id: string, value: string): Uint8Array {
  const { spki, privateKey } = ecKey();
  const attribute = sequence(oid(Oid.challengePassword), setOf(utf8String(value)));
  const info = sequence(integer(0), encodeName([Oid.commonName, id]), spki, context(0, attribute));
  return encodeSigned(info, 'ecdsa-sha256', sign('sha256', info, privateKey));
}

const exporter = Buffer.alloc(32, 7).toString('base64');
const peer: Peer = { address: '192.0.2.1', bindings: () => [exporter] };

async function post(
  est: ReturnType<typeof createEstHandler>,
  csr: Uint8Array,
  token: string,
  label = '',
  operation = 'simpleenroll',
) {
  const request = new Request(`https://est.example/.well-known/est/${label}${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: Buffer.from(csr).toString('base64'),
  });
  const response = await est(request, peer);
  return { status: response.status, text: await response.text() };
}

describe('a request bound to its TLS connection', () => {
  it('is taken with the value of this connection', async () => {
    const city = await openCity();
    const est = createEstHandler({ authority: city.authority });
    const answer = await post(est, boundRequest('cam-001', exporter), await cameraToken(city));
    expect(answer.status).toBe(200);
  });

  it('is refused with the value of another connection, and uses up nothing', async () => {
    const city = await openCity();
    const est = createEstHandler({ authority: city.authority });
    const token = await cameraToken(city);
    const answer = await post(est, boundRequest('cam-001', Buffer.alloc(32, 8).toString('base64')), token);
    expect(answer).toMatchObject({ status: 403, text: expect.stringMatching(/^binding-mismatch:/) });
    expect((await post(est, boundRequest('cam-001', exporter), token)).status).toBe(200);
  });

  it('must be bound where the city wants it', async () => {
    const city = await openCity();
    const est = createEstHandler({ authority: city.authority, bindingRequired: true });
    const token = await cameraToken(city);
    const answer = await post(est, makeCsr('cam-001'), token);
    expect(answer).toMatchObject({ status: 403, text: expect.stringMatching(/^binding-required:/) });
    expect((await post(est, boundRequest('cam-001', exporter), token)).status).toBe(200);
  });

  it('must be bound there when it asks for a key too, and says so to who asks what a request needs', async () => {
    const city = await openCity();
    for (const bindingRequired of [false, true]) {
      const est = createEstHandler({ authority: city.authority, bindingRequired, serverKeys: true });
      const token = await cameraToken(city);
      const key = (csr: Uint8Array) => post(est, csr, token, '', 'serverkeygen');
      const other = boundRequest('cam-001', Buffer.alloc(32, 8).toString('base64'));
      expect(await key(other)).toMatchObject({ status: 403, text: expect.stringMatching(/^binding-mism/) });
      if (bindingRequired)
        expect(await key(makeCsr('cam-001'))).toMatchObject({
          status: 403,
          text: expect.stringMatching(/^binding-required:/),
        });
      expect((await key(boundRequest('cam-001', exporter))).status).toBe(200);
      const attributes = await est(new Request('https://est.example/.well-known/est/csrattrs'), peer);
      const der = Buffer.from(await attributes.text(), 'base64');
      expect(der.includes(Buffer.from(oid(Oid.challengePassword)))).toBe(bindingRequired);
    }
  });

  it('gets no key in the clear where it asks for one that is encrypted once more', async () => {
    const city = await openCity();
    const est = createEstHandler({ authority: city.authority, serverKeys: true });
    const { spki, privateKey } = ecKey();
    // RFC 7030 section 4.4.1.2: id-aa-asymmDecryptKeyID.
    const attribute = sequence(oid('1.2.840.113549.1.9.16.2.54'), setOf(octetString(Buffer.alloc(20))));
    const info = sequence(integer(0), encodeName([Oid.commonName, 'cam-001']), spki, context(0, attribute));
    const csr = encodeSigned(info, 'ecdsa-sha256', sign('sha256', info, privateKey));
    const answer = await post(est, csr, await cameraToken(city), '', 'serverkeygen');
    expect(answer).toMatchObject({ status: 400, text: expect.stringMatching(/^unsupported-attribute:/) });
  });
});

describe('labels for fleets', () => {
  const fleets = [
    { label: 'traffic-cameras', zone: 'traffic', kind: 'camera' },
    { label: 'water', zone: 'water' },
  ];

  it('take the devices of their fleet and no others', async () => {
    const city = await openCity();
    const est = createEstHandler({ authority: city.authority, fleets });
    const token = await cameraToken(city);
    const refused = await post(est, makeCsr('cam-001'), token, 'water/');
    expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('fleet `water`') });
    expect((await post(est, makeCsr('cam-001'), token, 'traffic-cameras/')).status).toBe(200);
  });

  it.each(['lamps/', 'water/water/', '/', '../'])('that do not exist are not found: %s', async (label) => {
    const city = await openCity();
    const est = createEstHandler({ authority: city.authority, fleets });
    expect((await post(est, makeCsr('cam-001'), await cameraToken(city), label)).status).toBe(404);
  });

  it('have the certificates of the authorities too', async () => {
    const city = await openCity();
    const est = createEstHandler({ authority: city.authority, fleets });
    const answer = await est(new Request('https://est.example/.well-known/est/water/cacerts'), peer);
    expect(answer.status).toBe(200);
  });
});

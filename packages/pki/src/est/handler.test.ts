import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { walk } from '../der/walk.ts';
import { type City, cameraToken, ecKey, makeCsr, openCity } from '../fixtures/city.ts';
import { certificates } from '../register/kinds.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readCertsOnly } from '../x509/cms.ts';
import { formatName } from '../x509/name.ts';
import { toPem } from '../x509/pem.ts';
import { createEstHandler, type EstLimits, type EstOptions } from './handler.ts';

const base = 'https://pki.hue.example/.well-known/est';
const basic = (user: string, token: string): string =>
  `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const peer = { address: '10.0.0.7' };

async function open(limits: EstLimits = {}, more: Partial<EstOptions> = {}) {
  const city = await openCity();
  const est = createEstHandler({ authority: city.authority, clock: city.clock, limits, ...more });
  const post = (
    operation: string,
    body: RequestInit['body'],
    authorization?: string,
    certificate?: Uint8Array,
  ): Promise<Response> =>
    est(
      new Request(`${base}/${operation}`, {
        method: 'POST',
        body: body ?? null,
        headers: authorization === undefined ? {} : { authorization },
        duplex: 'half',
      } as RequestInit),
      certificate === undefined ? peer : { ...peer, certificate },
    );
  return { city, est, post };
}

async function certificateIn(response: Response) {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/pkcs7-mime; smime-type=certs-only');
  const list = readCertsOnly(Buffer.from(await response.text(), 'base64'));
  expect(list).toHaveLength(1);
  return readCertificate(list[0]!);
}

const issuedCount = (city: City): Promise<number> => city.records.count(certificates, { profile: 'device' });

describe('cacerts', () => {
  it('gives the root and the issuing authorities', async () => {
    const { est } = await open();
    const response = await est(new Request(`${base}/cacerts`), peer);
    const list = readCertsOnly(Buffer.from(await response.text(), 'base64')).map((der) =>
      readCertificate(der),
    );
    expect(list.map(({ subject }) => formatName(subject))).toEqual([
      'CN=Device CA 1,O=Thành phố Huế',
      'CN=Service CA 1,O=Thành phố Huế',
      'CN=Root CA 1,O=Thành phố Huế',
    ]);
  });
});

describe('simpleenroll', () => {
  it.each([
    ['base64 on one line', (der: Uint8Array) => base64(der)],
    ['base64 in lines of 64', (der: Uint8Array) => base64(der).replace(/.{64}/g, '$&\r\n')],
    ['PEM', (der: Uint8Array) => toPem('CERTIFICATE REQUEST', der)],
  ])('takes a request as %s', async (_what, encode) => {
    const { city, post } = await open();
    const token = await cameraToken(city);
    const certificate = await certificateIn(
      await post('simpleenroll', encode(makeCsr('cam-001')), basic('cam-001', token)),
    );
    expect(formatName(certificate.subject)).toBe('CN=cam-001');
  });

  it('takes the token as Bearer too', async () => {
    const { city, post } = await open();
    const token = await cameraToken(city);
    await certificateIn(await post('simpleenroll', base64(makeCsr('cam-001')), `Bearer ${token}`));
  });

  it.each([
    ['no credentials', undefined, 401, 'token-missing'],
    ['credentials of another scheme', 'Digest abc', 401, 'token-missing'],
    ['a wrong token', basic('cam-001', 'kde_nope'), 401, 'token-wrong'],
    ['an empty password', basic('cam-001', ''), 401, 'token-wrong'],
  ])('answers %s with a code in plain text', async (_what, authorization, status, code) => {
    const { city, post } = await open();
    await cameraToken(city);
    const response = await post('simpleenroll', base64(makeCsr('cam-001')), authorization);
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toContain('Basic');
    expect(await response.text()).toMatch(new RegExp(`^${code}: [^\n]+\n$`));
    expect(await issuedCount(city)).toBe(0);
    expect(city.records.audit.at(-1)).toMatchObject({ action: 'enrol.refuse', detail: { code } });
  });

  it.each([
    ['garbage', 'not base64!', 400, 'malformed-pem'],
    ['base64 of garbage', Buffer.from('garbage').toString('base64'), 400, 'malformed-der'],
    ['an empty body', '', 400, 'malformed-request'],
    ['a certificate in PEM', toPem('CERTIFICATE', Buffer.from('x')), 400, 'malformed-pem'],
    ['half of a request', base64(makeCsr('cam-001').subarray(0, 100)), 400, 'malformed-der'],
    [
      'a request with an octet more',
      base64(Buffer.concat([makeCsr('cam-001'), Buffer.of(0)])),
      400,
      'malformed-der',
    ],
    [
      'a forged request',
      base64(makeCsr('cam-001', { ...ecKey(), spki: ecKey().spki })),
      400,
      'bad-signature',
    ],
    ['a request for another device', base64(makeCsr('cam-002')), 403, 'subject-mismatch'],
  ])('refuses %s and leaves the token good', async (_what, body, status, code) => {
    const { city, post } = await open();
    const token = await cameraToken(city);
    const response = await post('simpleenroll', body, basic('cam-001', token));
    expect([response.status, (await response.text()).split(':')[0]]).toEqual([status, code]);
    await certificateIn(await post('simpleenroll', base64(makeCsr('cam-001')), basic('cam-001', token)));
  });

  it('refuses used and expired tokens, and what the policies forbid', async () => {
    const { city, post } = await open();
    const enrolWith = async (authorization: string): Promise<string> => {
      const response = await post('simpleenroll', base64(makeCsr('cam-001')), authorization);
      return `${response.status} ${(await response.text()).split(':')[0]}`;
    };
    const first = await cameraToken(city);
    await enrolWith(basic('cam-001', first));
    expect(await enrolWith(basic('cam-001', first))).toBe('401 token-used');
    const second = await cameraToken(city, 'cam-001', 1);
    city.clock.pass(60_000);
    expect(await enrolWith(basic('cam-001', second))).toBe('401 token-expired');
    city.denied.add('cam-001');
    expect(await enrolWith(basic('cam-001', await cameraToken(city)))).toBe('403 denied');
  });

  it('refuses a huge body before it asks who sends it, told or not told', async () => {
    const { city, est, post } = await open();
    const told = await post('simpleenroll', 'A'.repeat(16_385));
    expect(told.status).toBe(413);
    const lie = { method: 'POST', body: 'A'.repeat(16_385), headers: { 'content-length': '10' } };
    const toldLess = await est(new Request(`${base}/simpleenroll`, lie), peer);
    expect(toldLess.status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(4096));
      },
    });
    const untold = await post('simpleenroll', endless);
    expect(untold.status).toBe(413);
    expect(await untold.text()).toContain('body-too-large');
    expect(pulled).toBeLessThan(12);
    expect(city.records.audit.at(-1)).toMatchObject({ detail: { code: 'body-too-large' } });
  });

  it('takes a body that breaks off for what it is', async () => {
    const { city, post } = await open();
    const token = await cameraToken(city);
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('socket closed'));
      },
    });
    const response = await post('simpleenroll', broken, `Bearer ${token}`);
    expect([response.status, (await response.text()).split(':')[0]]).toEqual([400, 'malformed-request']);
  });

  it('answers 503 beyond its bound and works again afterwards', async () => {
    const { city, post } = await open({ atOnce: 2 });
    const token = await cameraToken(city);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post('simpleenroll', base64(makeCsr('cam-001')), `Bearer ${token}`)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses.slice(-4)).toEqual([503, 503, 503, 503]);
    expect(answers.find(({ status }) => status === 503)?.headers.get('retry-after')).toBe('2');
    const next = await post('simpleenroll', base64(makeCsr('cam-001')), `Bearer ${token}`);
    expect(next.status).toBe(401);
  });

  it('does not let strangers fill the audit log', async () => {
    const { city, post } = await open();
    const before = city.records.audit.length;
    for (let round = 0; round < 200; round++) await post('simpleenroll', 'AAAA', 'Bearer nope');
    expect(city.records.audit.length - before).toBe(50);
    city.clock.pass(1000);
    await post('simpleenroll', 'AAAA', 'Bearer nope');
    expect(city.records.audit.at(-1)).toMatchObject({ detail: { code: 'token-wrong', alsoRefused: 150 } });
  });
});

describe('simplereenroll', () => {
  it('needs the certificate, and then gives the next one', async () => {
    const { city, post } = await open();
    const token = await cameraToken(city);
    const held = await certificateIn(
      await post('simpleenroll', base64(makeCsr('cam-001')), `Bearer ${token}`),
    );
    expect((await post('simplereenroll', base64(makeCsr('cam-001')))).status).toBe(401);
    const next = await certificateIn(
      await post('simplereenroll', base64(makeCsr('cam-001')), undefined, held.der),
    );
    expect(next.serialHex).not.toBe(held.serialHex);
    await city.authority.revoke(next.serialHex, 'keyCompromise', 'user:lan');
    const refused = await post('simplereenroll', base64(makeCsr('cam-001')), undefined, next.der);
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('was revoked')]);
  });
});

describe('an application without proof', () => {
  it('waits for a person, is collected once approved, and only once', async () => {
    const { city, post } = await open({}, { approval: true });
    const csr = base64(makeCsr('siren-7'));
    const first = await post('simpleenroll', csr);
    expect([first.status, first.headers.get('retry-after')]).toEqual([202, '60']);
    expect((await post('simpleenroll', csr)).status).toBe(202);
    const [waiting, ...more] = await city.authority.applications();
    expect(more).toEqual([]);
    expect(waiting).toMatchObject({ device: 'siren-7', keyType: 'EC-P256', address: '10.0.0.7' });
    const id = waiting!.id.slice(0, 12);
    await expect(
      city.authority.decideApplication(id, { approved: true, by: 'user:lan' }),
    ).rejects.toMatchObject({
      code: 'unknown-device',
    });
    await city.authority.decideApplication(id, {
      approved: true,
      by: 'user:lan',
      kind: 'siren',
      zone: 'district-1',
    });
    const certificate = await certificateIn(await post('simpleenroll', csr));
    expect((await certificateIn(await post('simpleenroll', csr))).serialHex).toBe(certificate.serialHex);
    expect(await city.authority.devices.get('siren-7')).toMatchObject({
      kind: 'siren',
      operationalTechnology: true,
    });
    await city.authority.revoke(certificate.serialHex, 'superseded', 'user:lan');
    expect((await post('simpleenroll', csr)).status).toBe(401);
  });

  it('gets no for a no, and starts again after a day', async () => {
    const { city, post } = await open({}, { approval: true });
    const csr = base64(makeCsr('cam-9'));
    await post('simpleenroll', csr);
    const [waiting] = await city.authority.applications();
    await city.authority.decideApplication(waiting!.id, { approved: false, by: 'user:lan' });
    expect((await post('simpleenroll', csr)).status).toBe(403);
    city.clock.pass(86_400_000);
    expect((await post('simpleenroll', csr)).status).toBe(202);
    expect(await issuedCount(city)).toBe(0);
  });

  it('is refused when too many wait, of one address or in all, and where approval is switched off', async () => {
    const { est } = await open({}, { approval: true });
    const key = ecKey();
    const apply = async (id: string, address: string): Promise<number> => {
      const body = base64(makeCsr(id, key));
      return (await est(new Request(`${base}/simpleenroll`, { method: 'POST', body }), { address })).status;
    };
    for (let index = 0; index < 50; index++) await apply(`cam-${index}`, '10.0.0.1');
    expect(await apply('cam-50', '10.0.0.1')).toBe(503);
    for (let index = 50; index < 200; index++)
      expect(await apply(`cam-${index}`, `10.0.1.${index}`)).toBe(202);
    expect(await apply('cam-200', '10.0.0.2')).toBe(503);
    const off = await open();
    expect((await off.post('simpleenroll', base64(makeCsr('cam-1')))).status).toBe(401);
  });
});

describe('serverkeygen', () => {
  it('makes key and certificate together, where it is switched on', async () => {
    const { city, post } = await open({}, { serverKeys: true });
    const token = await cameraToken(city);
    expect((await post('serverkeygen', base64(makeCsr('cam-001')), 'Bearer nope')).status).toBe(401);
    const response = await post('serverkeygen', base64(makeCsr('cam-001')), `Bearer ${token}`);
    const [, key = '', certificate = ''] = (await response.text()).split(/--kydai-est-part(?:--)?\r\n/);
    const body = (part: string): Buffer => Buffer.from(part.split('\r\n\r\n')[1]!, 'base64');
    const privateKey = createPrivateKey({ key: body(key), format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    const [issued] = readCertsOnly(body(certificate));
    expect(Buffer.from(readCertificate(issued!).publicKey)).toEqual(spki);
    const off = await open();
    expect((await off.post('serverkeygen', base64(makeCsr('cam-001')), 'Bearer x')).status).toBe(404);
  });
});

it('says what a request should look like', async () => {
  const { est } = await open();
  const response = await est(new Request(`${base}/csrattrs`), peer);
  expect(response.headers.get('content-type')).toBe('application/csrattrs');
  expect(walk(Buffer.from(await response.text(), 'base64'))).toBe(6);
});

it('knows its paths and methods', async () => {
  const { est } = await open();
  const status = async (path: string, method: string): Promise<number> =>
    (await est(new Request(`${base}/${path}`, { method }), peer)).status;
  expect(await status('cacerts', 'POST')).toBe(405);
  expect(await status('simpleenroll', 'GET')).toBe(405);
  expect(await status('fullcmc', 'POST')).toBe(404);
});

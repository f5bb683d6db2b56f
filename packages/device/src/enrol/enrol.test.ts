import type { KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objectIdentifier, sequence } from '../der/write.ts';
import { identityPath, loadIdentity } from '../folder/identity.ts';
import { createDeviceKey, exportDeviceKey } from '../key/create.ts';
import { keepRenewed, renew } from '../renew/renew.ts';
import { retryDelay } from '../renew/window.ts';
import { certsOnly, readRequest, type Seen, TestAuthority, TestEst } from '../testing/authority.ts';
import { type EnrolOptions, enrol } from './enrol.ts';

const hour = 3_600_000;
const day = 24 * hour;
let est: TestEst;
let options: EnrolOptions;

beforeEach(async () => {
  est = new TestEst();
  options = {
    estUrl: await est.start(),
    deviceId: 'cam-001',
    token: 'token-1',
    ca: est.authority.certificate.toString(),
    folder: join(mkdtempSync(join(tmpdir(), 'kydai-device-')), 'identity'),
    timeout: 5000,
  };
});
afterEach(async () => {
  await est.stop();
  rmSync(join(options.folder, '..'), { recursive: true, force: true });
});

describe('enrolment', () => {
  it('keeps a certificate for its own key and id, readable by the owner alone', async () => {
    const identity = await enrol(options);
    expect(identity.deviceId).toBe('cam-001');
    expect(identity.certificate.checkPrivateKey(identity.key.privateKey)).toBe(true);
    expect(statSync(identityPath(options.folder)).mode & 0o777).toBe(0o600);
    expect(readdirSync(options.folder).sort()).toEqual(['ca.pem', 'identity.pem']);
    expect((await loadIdentity(options.folder))?.certificate.fingerprint256).toBe(
      identity.certificate.fingerprint256,
    );
  });

  it('asks by path and HTTP Basic as RFC 7030 has it', async () => {
    await enrol({ ...options, estUrl: `${options.estUrl}/.well-known/est/` });
    expect(est.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /.well-known/est/cacerts',
      'POST /.well-known/est/simpleenroll',
    ]);
  });

  it('refuses a wrong token, keeps no identity and asks with the same request next time', async () => {
    await expect(enrol({ ...options, token: 'wrong' })).rejects.toMatchObject({ code: 'enrolment-refused' });
    expect(await loadIdentity(options.folder)).toBeUndefined();
    await enrol(options);
    const [first, second] = est.seen.filter(({ method }) => method === 'POST').map(({ body }) => body);
    expect(second).toBe(first);
    expect(readdirSync(options.folder).sort()).toEqual(['ca.pem', 'identity.pem']);
  });

  it('makes a new request for another id, and where the kept one is damaged', async () => {
    est.answer = ({ method }) => (method === 'POST' ? { status: 503 } : undefined);
    const body = async (deviceId: string): Promise<string> => {
      await expect(enrol({ ...options, deviceId })).rejects.toMatchObject({ code: 'server-unavailable' });
      return est.seen.at(-1)!.body;
    };
    const first = await body('cam-001');
    expect(await body('cam-001')).toBe(first);
    const other = await body('cam-002');
    expect(other).not.toBe(first);
    writeFileSync(join(options.folder, 'pending.pem'), 'cam-002\n-----BEGIN PRIVATE KEY-----\nx');
    expect(await body('cam-002')).not.toBe(other);
  });

  it('says that the server is unavailable where it asks for time or is not there', async () => {
    est.answer = ({ path }) =>
      path.endsWith('enroll') ? { status: 202, headers: { 'retry-after': '7' } } : undefined;
    await expect(enrol(options)).rejects.toMatchObject({ code: 'server-unavailable', retryAfter: 7 });
    await est.stop();
    await expect(enrol(options)).rejects.toMatchObject({ code: 'server-unavailable' });
    est = new TestEst();
    await est.start();
  });

  it('trusts no server but one of its own CA', async () => {
    const stranger = new TestAuthority('stranger');
    await expect(enrol({ ...options, ca: stranger.certificate.toString() })).rejects.toMatchObject({
      code: 'server-unavailable',
    });
    expect(est.seen).toEqual([]);
  });

  it.each<[string, (est: TestEst, asked: KeyObject) => X509Certificate]>([
    ['for another key', (it) => it.authority.issue('cam-001', createDeviceKey().publicKey)],
    ['for another device', (it, asked) => it.authority.issue('cam-002', asked)],
    ['of another authority of the same name', (_, asked) => new TestAuthority().issue('cam-001', asked)],
    ['that may issue others', (it, asked) => it.authority.issue('cam-001', asked, { ca: true })],
  ])('refuses a certificate %s', async (_, certificate) => {
    est.answer = ({ path, body }) => {
      if (!path.endsWith('enroll')) return undefined;
      const { publicKey } = readRequest(Buffer.from(body, 'base64'));
      return { status: 200, body: certsOnly([certificate(est, publicKey)]).toString('base64') };
    };
    await expect(enrol(options)).rejects.toMatchObject({ code: 'certificate-wrong' });
    expect(await loadIdentity(options.folder)).toBeUndefined();
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('<html>welcome</html>')],
    ['a message without certificates', certsOnly([])],
    ['cut short', certsOnly([new TestAuthority().certificate]).subarray(0, 100)],
    ['huge', Buffer.alloc(300_000, 0x41)],
  ])('refuses an answer that is %s', async (_, body) => {
    est.answer = ({ path }) =>
      path.endsWith('enroll') ? { status: 200, body: body.toString('base64') } : undefined;
    await expect(enrol(options)).rejects.toMatchObject({ code: 'answer-unreadable' });
  });

  it('goes over https alone and takes no device id that the register would refuse', async () => {
    await expect(enrol({ ...options, estUrl: 'http://127.0.0.1' })).rejects.toMatchObject({
      code: 'input-invalid',
    });
    await expect(enrol({ ...options, deviceId: '../cam' })).rejects.toMatchObject({ code: 'input-invalid' });
  });
});

describe('a server that wants requests bound to their connection', () => {
  const attributes = sequence(objectIdentifier('1.2.840.113549.1.9.7')).toString('base64');
  /** Whether the request holds the binding of the connection on which it came. */
  const isBound = ({ body, exporter }: Seen): boolean =>
    Buffer.from(body, 'base64').includes(Buffer.from(exporter));

  it('gets them so, at the first enrolment and at renewal', async () => {
    est.answer = (seen) => {
      if (seen.path.endsWith('csrattrs')) return { status: 200, body: attributes };
      return seen.method === 'POST' && !isBound(seen) ? { status: 403 } : undefined;
    };
    const first = await enrol(options);
    const second = await renew(options);
    expect(second.certificate.serialNumber).not.toBe(first.certificate.serialNumber);
    expect(est.seen.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)).toEqual([
      'GET cacerts',
      ...['POST simpleenroll', 'GET csrattrs', 'POST simpleenroll'],
      ...['POST simplereenroll', 'GET csrattrs', 'POST simplereenroll'],
    ]);
  });

  it.each([
    ['has no attributes', { status: 404 }],
    ['wants other attributes', { status: 200, body: sequence(objectIdentifier('1.2.3')).toString('base64') }],
    ['sends nonsense', { status: 200, body: '<html>' }],
  ])('is no server that refuses and %s', async (_, answer) => {
    est.answer = ({ path, method }) =>
      path.endsWith('csrattrs') ? answer : method === 'POST' ? { status: 403 } : undefined;
    await expect(enrol(options)).rejects.toMatchObject({ code: 'enrolment-refused' });
    expect(est.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });
});

describe('renewal', () => {
  it('gets the next certificate with a new key by the present one', async () => {
    const first = await enrol(options);
    const second = await renew(options);
    expect(readFileSync(identityPath(options.folder), 'utf8')).toContain(exportDeviceKey(second.key));
    expect(second.certificate.serialNumber).not.toBe(first.certificate.serialNumber);
    expect(second.certificate.checkPrivateKey(first.key.privateKey)).toBe(false);
    expect(est.seen.at(-1)).toMatchObject({ path: '/.well-known/est/simplereenroll', peer: 'cam-001' });
  });

  it('keeps the old identity where the server refuses', async () => {
    const first = await enrol(options);
    est.answer = () => ({ status: 403 });
    await expect(renew(options)).rejects.toMatchObject({ code: 'enrolment-refused' });
    expect((await loadIdentity(options.folder))?.certificate.serialNumber).toBe(
      first.certificate.serialNumber,
    );
  });

  it('needs an identity, whole', async () => {
    await expect(renew(options)).rejects.toMatchObject({ code: 'not-enrolled' });
    await enrol(options);
    const text = readFileSync(identityPath(options.folder), 'utf8');
    writeFileSync(identityPath(options.folder), text.slice(0, 300));
    await expect(renew(options)).rejects.toMatchObject({ code: 'certificate-wrong' });
  });

  it('waits for its window, tries again after a failure and goes on until it is stopped', async () => {
    const identity = await enrol(options);
    const stop = new AbortController();
    const from = identity.certificate.validFromDate.getTime();
    let now = from;
    const waits: number[] = [];
    let failures = 0;
    est.answer = ({ method }) => (method === 'POST' && failures++ < 2 ? { status: 503 } : undefined);
    await keepRenewed({
      ...options,
      now: () => now,
      random: () => 0.5,
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
        now += milliseconds;
      },
      signal: stop.signal,
      onRenewed: () => stop.abort(),
    });
    // Without a word of the server: the middle of 60% to 80% of a day.
    expect(waits[0]).toBe(60_480_000);
    expect(waits.slice(1)).toEqual([22_500, 45_000]);
  });

  it('asks the server for its window day by day, and follows when that changes', async () => {
    est.days = 90;
    const identity = await enrol(options);
    const stop = new AbortController();
    const from = identity.certificate.validFromDate.getTime();
    let now = from;
    const at = (ms: number): string => new Date(ms).toISOString();
    // On the second day the server wants it at once: it was revoked, or all are to be renewed.
    est.answer = ({ path }) =>
      path !== `/pki/renewal/${identity.certificate.serialNumber.toLowerCase()}`
        ? undefined
        : now < from + day
          ? { status: 200, body: JSON.stringify({ start: at(from + 50 * day), end: at(from + 60 * day) }) }
          : { status: 200, body: JSON.stringify({ start: at(now), end: at(now) }) };
    const waits: number[] = [];
    await keepRenewed({
      ...options,
      now: () => now,
      random: () => 0.5,
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
        now += milliseconds;
      },
      signal: stop.signal,
      onRenewed: () => stop.abort(),
    });
    expect(waits).toEqual([day]);
  });
});

describe('the wait after a failure', () => {
  it.each([
    [0, 90 * day, 30_000],
    [3, 90 * day, 240_000],
    [20, 32 * day, 12 * hour],
    [20, 2 * day, 45 * 60_000],
    [20, hour, 60_000],
    [20, -day, hour],
  ])('of attempt %d with %d ms of the life left takes %d ms at most', (attempt, left, most) => {
    expect(retryDelay(attempt, 1, { left })).toBe(most);
    expect(retryDelay(attempt, 0, { left })).toBe(most / 2);
    expect(retryDelay(attempt, 0, { left, retryAfterSeconds: 90 })).toBe(most / 2 + 90_000);
  });
});

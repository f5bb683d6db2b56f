import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecisionMade } from '../authzen/handler.ts';
import { engineFor, entity, uid } from '../testing/worlds.ts';
import { createEnvoyHandler, createNginxHandler } from './proxy.ts';
import { commonNameOf, forwardedSubject } from './subject.ts';

const text = `permit (principal is Device, action in Action::"use", resource == Dataset::"video");
forbid (principal is Device, action, resource) when { principal.quarantined };`;
const secret = 'a-secret-of-the-proxy';

function setUp() {
  const made: DecisionMade[] = [];
  const { engine, store } = engineFor(text, [entity('Device', 'cam-1', { quarantined: false })]);
  const options = {
    decide: engine.decide,
    clock: { now: () => 7 },
    subjectType: 'Device',
    secret,
    onDecision: (each: DecisionMade) => made.push(each),
    rules: [
      { methods: ['GET'], path: '/video', action: 'subscribe', resource: uid('Dataset', 'video') },
      { path: '/video', action: 'publish', resource: uid('Dataset', 'video') },
      { path: '/logs', action: 'publish', resource: uid('Dataset', 'logs') },
    ],
  };
  return { nginx: createNginxHandler(options), envoy: createEnvoyHandler(options, '/envoy'), store, made };
}

const good = {
  'x-kydai-proxy': secret,
  'x-original-method': 'POST',
  'x-original-uri': '/video/cam-1?x=1',
  'x-client-verify': 'SUCCESS',
  'x-client-dn': 'CN=cam-1,O=Hue',
};

describe('nginx', () => {
  const ask = async (more: Record<string, string> = {}, set = setUp()) =>
    (await set.nginx(new Request('http://x/auth', { headers: { ...good, ...more } }))).status;

  test('passes an allowed device, and refuses it once quarantined', async () => {
    const set = setUp();
    expect(await ask({}, set)).toBe(204);
    set.store.upsert(entity('Device', 'cam-1', { quarantined: true }));
    expect(await ask({}, set)).toBe(403);
    expect(set.made.map(({ decision }) => decision.outcome)).toEqual(['permitted', 'forbidden']);
    expect(set.made[0]!.request.action).toBe('publish');
  });

  test('refuses forged or missing proof of proxy and certificate', async () => {
    expect(await ask({ 'x-kydai-proxy': 'guess' })).toBe(401);
    expect(await ask({ 'x-kydai-proxy': '' })).toBe(401);
    expect(await ask({ 'x-client-verify': 'NONE' })).toBe(401);
    expect(await ask({ 'x-client-verify': 'FAILED:expired' })).toBe(401);
    expect(await ask({ 'x-client-dn': 'O=Hue' })).toBe(401);
    expect(await ask({ 'x-client-dn': 'CN=cam-1,CN=cam-2' })).toBe(401);
  });

  test.each([
    '/video/../logs',
    '/video/%2e%2e/logs',
    '/video//x',
    '/video\\..\\logs',
    '/video/%2flogs',
    '/video/%252e',
    '/video/.;/x',
    '/%zz',
    'video',
    '',
    '/nothing',
    '/videos',
  ])('refuses the path %s', async (path) => expect(await ask({ 'x-original-uri': path })).toBe(403));

  test('needs a secret worth the name', () => {
    const options = {
      decide: () => expect.unreachable() as never,
      clock: Date,
      subjectType: 'Device',
      rules: [],
      secret: 'short',
    };
    expect(() => createNginxHandler(options)).toThrow(expect.objectContaining({ code: 'request' }));
  });
});

test('envoy asks with the request itself and the certificate that it forwards', async () => {
  const { envoy, made } = setUp();
  const ask = async (path: string, cert: string, method = 'GET') =>
    (
      await envoy(
        new Request(`http://x${path}`, {
          method,
          headers: { 'x-kydai-proxy': secret, 'x-forwarded-client-cert': cert },
        }),
      )
    ).status;
  expect(await ask('/envoy/video/1', 'Hash=ab;Subject="CN=cam-1,O=Hue";URI=')).toBe(200);
  expect(made[0]!.request.action).toBe('subscribe');
  expect(await ask('/envoy/video/1', 'Subject="CN=boss";Hash=1,Hash=ab;Subject="CN=cam-1"')).toBe(200);
  expect(await ask('/envoy/logs', 'Subject="CN=cam-1"', 'POST')).toBe(403);
  expect(await ask('/other/video', 'Subject="CN=cam-1"')).toBe(403);
  expect(await ask('/envoy/video', 'Subject="CN=cam-1";Subject="CN=cam-2"')).toBe(401);
});

describe('names', () => {
  test('have one plain common name or none', () => {
    expect(commonNameOf('CN=cam-1')).toBe('cam-1');
    expect(commonNameOf('O=Hue, cn = cam-1 ,C=VN')).toBe('cam-1');
    expect(commonNameOf('O=a\\,CN=boss,CN=cam-1')).toBe('cam-1');
    expect(commonNameOf('O="x,CN=boss",CN=cam-1')).toBe('cam-1');
    expect(commonNameOf('OU=x+CN=cam-1')).toBe('cam-1');
    for (const bad of ['', 'CN=', 'CN=a\\,b', 'CN="a"', 'CN=a b', 'CN=a,2.5.4.3=b', 'CN=é', 'CN', '=CN']) {
      expect(commonNameOf(bad), bad).toBeUndefined();
    }
    expect(forwardedSubject('Subject="CN=a\\"b"')).toBe('CN=a"b');
    expect(forwardedSubject('By=x')).toBeUndefined();
  });

  test('of any text are read without harm', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(commonNameOf(name) ?? 'x').toMatch(/^[\x21-\x7e]+$/);
        forwardedSubject(name);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9.-]{1,20}$/), fc.string(), (id, other) => {
        const protectedText = other.replace(/[^A-Za-z0-9 ]/g, (character) => `\\${character}`);
        expect(commonNameOf(`O=${protectedText},CN=${id}`)).toBe(id);
      }),
    );
  });
});

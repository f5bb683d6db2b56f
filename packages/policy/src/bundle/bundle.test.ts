import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { CompactSign, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { schema } from '../testing/worlds.ts';
import { type BundleContent, openBundle, signBundle } from './bundle.ts';
import { bundleKey, readBundleKeys } from './keys.ts';
import { readLinks } from './links.ts';

const edwards = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (key: KeyObject, kid?: string) => ({ ...key.export({ format: 'jwk' }), ...(kid && { kid }) });
const trusted = [await bundleKey(jwk(edwards.publicKey, 'k1'))];
const content = (version: number, text = 'permit (principal, action, resource);'): BundleContent => ({
  version,
  issued: 42,
  schema,
  policies: [{ file: 'a.cedar', text }],
});
const sign = (version: number, text?: string) =>
  signBundle(content(version, text), edwards.privateKey, { alg: 'EdDSA', kid: 'k1' });
const refused = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const raw = (payload: unknown, header: object = {}) =>
  new CompactSign(new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid: 'k1', typ: 'kydai-policy-bundle+jws', ...header })
    .sign(edwards.privateKey);

describe('a signed bundle', () => {
  test('opens to a policy set', async () => {
    const opened = await openBundle(await sign(7), trusted, 6);
    expect(opened).toMatchObject({ version: 7, issued: 42, kid: 'k1' });
    expect(opened.policySet.policies).toHaveLength(1);
  });

  test('carries templates and their links', async () => {
    const text = '@id("t") permit (principal == ?principal, action, resource);';
    const values = { principal: { type: 'User', id: 'lan' } };
    const bundle = await signBundle(
      { ...content(1, text), links: [{ template: 't', id: 'lan-may', values }] },
      edwards.privateKey,
      { alg: 'EdDSA', kid: 'k1' },
    );
    const { policySet, content: held } = await openBundle(bundle, trusted, 0);
    expect(policySet.policies.map(({ id }) => id)).toEqual(['lan-may']);
    expect(held.links).toEqual([{ template: 't', id: 'lan-may', values }]);
    const stray = raw({ ...content(1), links: [{ template: 'none', id: 'x', values: {} }] });
    await expect(openBundle(await stray, trusted, 0)).rejects.toThrow(refused('link', '`none`'));
  });

  test('never goes back in its version, nor stays', async () => {
    await expect(openBundle(await sign(7), trusted, 7)).rejects.toThrow(refused('bundle', 'version 7'));
    await expect(openBundle(await sign(6), trusted, 7)).rejects.toThrow(refused('bundle'));
  });

  test('is verified by the key that it names among several, of other kinds too', async () => {
    const both = [...trusted, await bundleKey(jwk(other.publicKey, 'k2'))];
    const second = await signBundle(content(2), other.privateKey, { alg: 'ES256', kid: 'k2' });
    expect(await openBundle(second, both, 1)).toMatchObject({ kid: 'k2' });
    await expect(openBundle(second, trusted, 1)).rejects.toThrow(refused('bundle', '`k2`'));
    // One key's name with the other's signature.
    const lying = await signBundle(content(2), other.privateKey, { alg: 'ES256', kid: 'k1' });
    await expect(openBundle(lying, both, 1)).rejects.toThrow(
      refused('bundle', 'not signed by a trusted key'),
    );
    const unnamed = await raw(content(3), { kid: undefined });
    expect(await openBundle(unnamed, both, 1)).toMatchObject({ version: 3, kid: 'k1' });
  });

  test('names the keys that later ones must be signed by', async () => {
    const keys = [jwk(other.publicKey, 'k2') as Record<string, unknown>];
    const rotating = await signBundle({ ...content(2), keys }, edwards.privateKey, {
      alg: 'EdDSA',
      kid: 'k1',
    });
    const opened = await openBundle(rotating, trusted, 1);
    expect(opened.keys?.map(({ kid }) => kid)).toEqual(['k2']);
    const next = await signBundle(content(3), other.privateKey, { alg: 'ES256', kid: 'k2' });
    expect(await openBundle(next, opened.keys!, 2)).toMatchObject({ version: 3 });
    await expect(openBundle(await sign(4), opened.keys!, 3)).rejects.toThrow(refused('bundle', '`k1`'));
  });
});

describe('refused, with the running set untouched, is', () => {
  const forged = async () => {
    const [head, body, signature] = (await sign(7)).split('.') as [string, string, string];
    const changed = Buffer.from(body, 'base64url').toString().replace('permit', 'forbid');
    return [head, Buffer.from(changed).toString('base64url'), signature].join('.');
  };
  test.each<[string, () => Promise<string> | string, string]>([
    ['a changed byte', forged, 'bundle'],
    ['a cut-off end', async () => (await sign(7)).slice(0, -9), 'bundle'],
    [
      'no signature',
      async () =>
        `${encoded({ alg: 'none', typ: 'kydai-policy-bundle+jws', kid: 'k1' })}.${encoded(content(7))}.`,
      'bundle',
    ],
    ['an unsecured token', () => new UnsecuredJWT({ a: 1 }).encode(), 'bundle'],
    ['another type', () => raw(content(7), { typ: 'JWT' }), 'bundle'],
    [
      'a critical extension that nobody knows',
      async () => {
        const [, body, signature] = (await sign(7)).split('.');
        return `${encoded({ alg: 'EdDSA', kid: 'k1', typ: 'kydai-policy-bundle+jws', crit: ['x'], x: 1 })}.${body}.${signature}`;
      },
      'bundle',
    ],
    ['our own words for its shape', () => raw({ ...content(7), more: 1 }), 'bundle'],
    ['a version of zero', () => raw(content(0)), 'bundle'],
    ['a version that is no whole number', () => raw({ ...content(7), version: 7.5 }), 'bundle'],
    ['no JSON', () => raw('\u0000'), 'bundle'],
    ['a private key among its keys', () => raw({ ...content(7), keys: [jwk(edwards.privateKey)] }), 'bundle'],
    [
      'a weak key among its keys',
      () => raw({ ...content(7), keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] }),
      'bundle',
    ],
    ['nothing', () => '', 'bundle'],
    ['dots', () => 'a.b.c', 'bundle'],
    ['a web page', () => '<html>not found</html>', 'bundle'],
    ['more than a bundle may be', () => 'x'.repeat(33 * 1024 * 1024), 'limit'],
    [
      'a policy that is none, with its place',
      () => sign(7, 'permit (principal, action, resource) when { x };'),
      'parse',
    ],
    [
      'a policy that does not fit its schema',
      () => sign(7, 'permit (principal, action == Action::"none", resource);'),
      'validate',
    ],
  ])('%s', async (_, make, code) => {
    await expect(openBundle(await make(), trusted, 0)).rejects.toThrow(refused(code));
  });

  test('whatever one byte of it is changed to', async () => {
    const bundle = await sign(7);
    const at = fc.integer({ min: 0, max: bundle.length - 1 });
    const letter = fc.constantFrom(...'AZaz09-_.=');
    await fc.assert(
      fc.asyncProperty(at, letter, async (index, to) => {
        fc.pre(bundle[index] !== to);
        const changed = bundle.slice(0, index) + to + bundle.slice(index + 1);
        // The last letters of base64 carry bits that are not part of the value.
        const opened = await openBundle(changed, trusted, 0).catch((error: { code: string }) => error.code);
        if (typeof opened === 'string') expect(opened).toBe('bundle');
        else expect(opened.content).toEqual(content(7));
      }),
      { numRuns: 60 },
    );
  });
});

describe('keys', () => {
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

  test('are read from PEM, several blocks of it, a JWK and a JWK set, and named by thumbprint where they have no name', async () => {
    const [first, second] = await readBundleKeys(pem(edwards.publicKey) + pem(other.publicKey));
    expect([first!.alg, second!.alg]).toEqual(['EdDSA', 'ES256']);
    const [alone] = await readBundleKeys(JSON.stringify(jwk(edwards.publicKey)));
    expect(alone).toEqual(first);
    const set = await readBundleKeys(
      JSON.stringify({ keys: [jwk(edwards.publicKey, 'a'), jwk(other.publicKey, 'b')] }),
    );
    expect(set.map(({ kid }) => kid)).toEqual(['a', 'b']);
    expect(first!.kid).toMatch(/^[\w-]{43}$/);
  });

  test.each([
    [
      'a private key in PEM',
      () => edwards.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      /private/,
    ],
    [
      'a private JWK',
      () =>
        JSON.stringify(jwk(createPrivateKey(edwards.privateKey.export({ type: 'pkcs8', format: 'pem' })))),
      /private/,
    ],
    ['an RSA key', () => pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey), /neither/],
    ['another curve', () => pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), /neither/],
    [
      'a point beside its curve',
      () => JSON.stringify({ ...jwk(other.publicKey), x: 'A'.repeat(43) }),
      /damaged/,
    ],
    [
      'two of one name',
      () => JSON.stringify({ keys: [jwk(edwards.publicKey, 'a'), jwk(other.publicKey, 'a')] }),
      /same/,
    ],
    [
      'too many',
      () => JSON.stringify({ keys: Array.from({ length: 17 }, (_, n) => jwk(edwards.publicKey, `k${n}`)) }),
      /more than/,
    ],
    ['an empty set', () => '{"keys":[]}', /no public key/],
    ['broken JSON', () => '{', /JSON/],
    ['nothing', () => '', /no public key/],
  ])('are refused: %s', async (_, text, message) => {
    await expect(readBundleKeys(text())).rejects.toThrow(message);
    await expect(readBundleKeys(text())).rejects.toMatchObject({ code: 'bundle' });
  });
});

test('links are read from a file, or refused with their place', () => {
  const link = { template: 't', id: 'l', values: { resource: { type: 'Zone', id: 'north' } } };
  expect(readLinks({ file: 'a.links.json', text: JSON.stringify([link]) })).toEqual([link]);
  for (const text of ['{', '{}', '[{}]', '[{"template":"t","id":"l","values":{"other":1}}]'])
    expect(() => readLinks({ file: 'a.links.json', text })).toThrow(
      expect.objectContaining({ code: 'link', file: 'a.links.json' }),
    );
});

import { generateKeyPairSync } from 'node:crypto';
import { CompactSign } from 'jose';
import { expect, test } from 'vitest';
import { schema } from '../testing/worlds.ts';
import { openBundle, signBundle } from './bundle.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const content = (version: number, text = 'permit (principal, action, resource);') => ({
  version,
  issued: 42,
  schema,
  policies: [{ file: 'a.cedar', text }],
});
const sign = (version: number, text?: string) =>
  signBundle(content(version, text), privateKey, { alg: 'EdDSA', kid: 'k1' });
const refused = (code: string) => expect.objectContaining({ code });

test('a signed bundle opens to a policy set', async () => {
  const opened = await openBundle(await sign(7), publicKey, 6);
  expect(opened).toMatchObject({ version: 7, issued: 42 });
  expect(opened.policySet.policies).toHaveLength(1);
});

test('a version never goes back or stays', async () => {
  await expect(openBundle(await sign(7), publicKey, 7)).rejects.toThrow(refused('bundle'));
  await expect(openBundle(await sign(6), publicKey, 7)).rejects.toThrow(refused('bundle'));
});

test('another key, a changed byte, another type, no signature and garbage are refused', async () => {
  const bundle = await sign(7);
  await expect(openBundle(bundle, generateKeyPairSync('ed25519').publicKey, 0)).rejects.toThrow(
    refused('bundle'),
  );
  const [head, body, signature] = bundle.split('.') as [string, string, string];
  const changed = Buffer.from(body, 'base64url').toString().replace('permit', 'forbid');
  const forged = [head, Buffer.from(changed).toString('base64url'), signature].join('.');
  await expect(openBundle(forged, publicKey, 0)).rejects.toThrow(refused('bundle'));
  const none = [Buffer.from('{"alg":"none"}').toString('base64url'), body, ''].join('.');
  await expect(openBundle(none, publicKey, 0)).rejects.toThrow(refused('bundle'));
  const payload = new TextEncoder().encode(JSON.stringify(content(7)));
  const token = await new CompactSign(payload)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .sign(privateKey);
  await expect(openBundle(token, publicKey, 0)).rejects.toThrow(refused('bundle'));
  await expect(openBundle('a.b.c', publicKey, 0)).rejects.toThrow(refused('bundle'));
  await expect(openBundle('', publicKey, 0)).rejects.toThrow(refused('bundle'));
});

test('a well-signed bundle of bad policies is refused with their place', async () => {
  await expect(
    openBundle(await sign(7, 'permit (principal, action, resource) when { x };'), publicKey, 0),
  ).rejects.toThrow(expect.objectContaining({ code: 'parse', file: 'a.cedar', line: 1 }));
  await expect(signBundle(content(0), privateKey, { alg: 'EdDSA' })).rejects.toThrow();
});

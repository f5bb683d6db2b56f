import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type City, cameraToken, type DeviceKey, ecKey, makeCsr, openCity } from '../fixtures/city.ts';
import { numberOf } from './arithmetic.ts';

const [left, right, third] = [1, 2, 3].map(() =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
) as [JsonWebKey, JsonWebKey, JsonWebKey];
const prime = (key: JsonWebKey, name: 'p' | 'q'): bigint => numberOf(Buffer.from(key[name]!, 'base64url'));

/** A sound RSA key of these two primes. */
function keyOf(p: bigint, q: bigint, e = 65_537n): DeviceKey {
  const d = inverse(e, (p - 1n) * (q - 1n));
  const parts = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, base64url(value)]));
  const privateKey = createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, spki, algorithm: 'rsa-sha256' };
}

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [r, next, t, nextT] = [modulus, value % modulus, 0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next, t, nextT] = [next, r - quotient * next, nextT, t - quotient * nextT];
  }
  return t < 0n ? t + modulus : t;
}

const first = keyOf(prime(left, 'p'), prime(left, 'q'));
/** Shares a prime with the first. */
const twin = keyOf(prime(left, 'p'), prime(right, 'q'));
const sound = keyOf(prime(third, 'p'), prime(third, 'q'));

async function enrolled(city: City, id: string, key: DeviceKey) {
  const token = await cameraToken(city, id);
  return city.authority.enrol({ csr: () => makeCsr(id, key), token, user: id });
}

/** Lets a commit settle, and makes one round. */
function round(city: City) {
  city.clock.pass(20_000);
  return city.authority.compareKeys();
}

describe('an RSA key that shares a prime with another', () => {
  it('is not certified, and the other one is told of', async () => {
    const city = await openCity();
    const held = await enrolled(city, 'cam-001', first);
    await enrolled(city, 'cam-002', sound);
    await enrolled(city, 'cam-003', ecKey());
    await expect(enrolled(city, 'cam-004', twin)).rejects.toMatchObject({
      code: 'weak-key',
      message: expect.not.stringContaining(held.serial),
    });
    const [finding, ...more] = await round(city);
    expect(more).toEqual([]);
    expect(finding!.keys).toEqual([{ serial: held.serial, subject: 'cam-001', keyDigest: held.keyDigest }]);
    expect(city.records.audit.filter(({ action }) => action === 'key.shared-prime')).toMatchObject([
      { target: `certificate:${held.serial}` },
    ]);
    expect(await round(city)).toEqual([]);
  });

  it('is found afterwards where it came in unseen, and nothing with its prime comes in from then on', async () => {
    const city = await openCity();
    const one = await enrolled(city, 'cam-001', first);
    // Another process, which has not seen that one.
    const other = await city.reopen();
    const token = await cameraToken(city, 'cam-002');
    const two = await other.enrol({ csr: () => makeCsr('cam-002', twin), token, user: 'cam-002' });
    expect((await city.authority.health()).problems).toEqual([]);
    const [finding] = await round(city);
    expect(finding!.keys.map(({ serial }) => serial).sort()).toEqual([one.serial, two.serial].sort());
    expect((await city.authority.health()).problems).toMatchObject([
      { code: 'shared-prime', level: 'critical', subject: [one.serial, two.serial].sort().join(', ') },
    ]);
    const again = await city.reopen();
    const third = keyOf(prime(left, 'p'), prime(right, 'p'));
    const late = await cameraToken(city, 'cam-003');
    await expect(
      again.enrol({ csr: () => makeCsr('cam-003', third), token: late, user: 'cam-003' }),
    ).rejects.toMatchObject({ code: 'weak-key' });
    for (const { serial } of [one, two]) await city.authority.revoke(serial, 'keyCompromise', 'user:lan');
    expect((await city.authority.health()).problems).toEqual([]);
  });

  it('is looked for over all rounds, each key compared once', async () => {
    const city = await openCity();
    const unaware = await city.reopen();
    await enrolled(city, 'cam-001', first);
    expect(await round(city)).toEqual([]);
    await enrolled(city, 'cam-002', sound);
    expect(await round(city)).toEqual([]);
    // A process that began before the first key was known.
    await unaware.enrol({
      csr: () => makeCsr('cam-003', twin),
      token: await cameraToken(city, 'cam-003'),
      user: 'cam-003',
    });
    city.records.failNext = 1;
    await expect(round(city)).rejects.toThrow('disk full');
    const [finding] = await round(city);
    expect(finding!.keys.map(({ subject }) => subject).sort()).toEqual(['cam-001', 'cam-003']);
    const commits = city.records.commits;
    expect(await round(city)).toEqual([]);
    expect(city.records.commits).toBe(commits);
  });

  it('is also one of the same modulus with another exponent', async () => {
    const city = await openCity();
    await enrolled(city, 'cam-001', first);
    const odd = keyOf(prime(left, 'p'), prime(left, 'q'), 65_539n);
    await expect(enrolled(city, 'cam-002', odd)).rejects.toMatchObject({ code: 'weak-key' });
  });

  it('is not the same key at its renewal', async () => {
    const city = await openCity();
    const held = await enrolled(city, 'cam-001', first);
    const next = await city.authority.renew({
      csr: () => makeCsr('cam-001', first),
      certificate: Buffer.from(held.der, 'base64'),
    });
    expect(next.keyDigest).toBe(held.keyDigest);
    expect(await round(city)).toEqual([]);
  });
});

import fc from 'fast-check';
import { CompactSign } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { DeviceError } from '../error.ts';
import { createDeviceKey } from '../key/create.ts';
import { TestAuthority } from '../testing/authority.ts';
import { type OpenOptions, openSealed } from './open.ts';
import { createReplayGuard } from './replay.ts';
import { certificateDigest, type SealOptions, sealReading } from './seal.ts';

const authority = new TestAuthority();
const device = createDeviceKey();
const service = createDeviceKey();
const now = Date.now();
const certificate = authority.issue('sensor-1', device.publicKey);
const recipient = authority.issue('readings', service.publicKey).toString();
const options: SealOptions = { deviceId: 'sensor-1', key: device, certificate, recipient, now };
let opening: OpenOptions;
const fresh = (): OpenOptions => ({
  key: service.privateKey,
  certificateOf: (digest) => (digest === certificateDigest(certificate) ? certificate.raw : undefined),
  guard: createReplayGuard(now - 1000),
  now,
});
beforeAll(() => {
  opening = fresh();
});

describe('a sealed reading', () => {
  it('opens to what was sealed, by whom and when', async () => {
    const reading = { level: 3.2, unit: 'm', at: 'Huế' };
    const opened = await openSealed(await sealReading(reading, { ...options, id: 'reading-1' }), fresh());
    expect(opened).toEqual({ deviceId: 'sensor-1', id: 'reading-1', time: now, reading });
  });

  it('shows neither the device nor the reading on the way', async () => {
    const sealed = await sealReading({ secret: 'water-level' }, options);
    const visible = sealed
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
      .join('');
    expect(visible).not.toContain('sensor-1');
    expect(visible).not.toContain('water-level');
  });

  it('opens once', async () => {
    const sealed = await sealReading(1, options);
    const once = fresh();
    await openSealed(sealed, once);
    await expect(openSealed(sealed, once)).rejects.toMatchObject({ code: 'seal-replayed' });
  });

  it('does not open when it is old, from the future, or from before the receiver began', async () => {
    for (const at of [now - 400_000, now + 120_000, now - 2000]) {
      const sealed = await sealReading(1, { ...options, now: at });
      await expect(openSealed(sealed, fresh())).rejects.toMatchObject({ code: 'seal-replayed' });
    }
  });

  it('does not open for another receiver, from an unknown or a revoked certificate, or under another name', async () => {
    const sealed = await sealReading(1, options);
    const invalid = { code: 'seal-invalid' };
    await expect(openSealed(sealed, { ...fresh(), key: device.privateKey })).rejects.toMatchObject(invalid);
    await expect(openSealed(sealed, { ...fresh(), certificateOf: () => undefined })).rejects.toMatchObject(
      invalid,
    );
    const named = await sealReading(1, { ...options, deviceId: 'sensor-2' });
    await expect(openSealed(named, fresh())).rejects.toMatchObject(invalid);
    const forged = await sealReading(1, { ...options, key: createDeviceKey() });
    await expect(openSealed(forged, fresh())).rejects.toMatchObject(invalid);
  });

  it('tells whose certificate to look for, and why it does not open, to the receiver alone', async () => {
    const sealed = await sealReading(1, options);
    let asked: unknown[] = [];
    const certificateOf: OpenOptions['certificateOf'] = (...names) => {
      asked = names;
      throw new Error('certificate is revoked');
    };
    await expect(openSealed(sealed, { ...fresh(), certificateOf })).rejects.toMatchObject({
      code: 'seal-invalid',
      message: expect.not.stringContaining('revoked'),
      cause: { message: 'certificate is revoked' },
    });
    expect(asked).toEqual([certificateDigest(certificate), certificate.serialNumber.toLowerCase()]);
  });

  it('is not called invalid while the authority cannot be asked', async () => {
    const sealed = await sealReading(1, options);
    const certificateOf = () => {
      throw new DeviceError('server-unavailable', 'the authority is away');
    };
    await expect(openSealed(sealed, { ...fresh(), certificateOf })).rejects.toMatchObject({
      code: 'server-unavailable',
    });
  });

  it('cannot be passed on to another receiver by the one that opened it', async () => {
    const other = createDeviceKey();
    const toOther = authority.issue('other', other.publicKey).toString();
    const inner = await sealReading(1, options);
    // The first receiver takes the signature out and encrypts it to someone else.
    const { compactDecrypt, CompactEncrypt } = await import('jose');
    const { plaintext } = await compactDecrypt(inner, service.privateKey);
    const passed = await new CompactEncrypt(plaintext)
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(other.publicKey);
    await expect(openSealed(passed, { ...fresh(), key: other.privateKey })).rejects.toMatchObject({
      code: 'seal-invalid',
    });
    expect(toOther).toContain('CERTIFICATE');
  });

  it('does not open when any part of it is changed, cut or doubled', async () => {
    const sealed = await sealReading({ a: 1 }, options);
    const parts = sealed.split('.');
    const broken = [
      sealed.slice(0, -5),
      `${sealed}.${parts[4]}`,
      '',
      'a.b.c.d.e',
      'x'.repeat(500_000),
      ...parts.map((part, index) =>
        parts.map((it, at) => (at === index && part !== '' ? `${part.slice(0, -4)}AAAA` : it)).join('.'),
      ),
    ].filter((text) => text !== sealed);
    for (const text of broken) {
      await expect(openSealed(text, fresh())).rejects.toMatchObject({ code: 'seal-invalid' });
    }
  });

  it('is refused when it is not encrypted, or signed with nothing', async () => {
    const bare = await new CompactSign(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'ES256' })
      .sign(device.privateKey);
    await expect(openSealed(bare, opening)).rejects.toMatchObject({ code: 'seal-invalid' });
  });

  it('is not made of more than 64 KiB, of what JSON cannot hold, or for a receiver that is no certificate', async () => {
    const invalid = { code: 'input-invalid' };
    await expect(sealReading('x'.repeat(70_000), options)).rejects.toMatchObject(invalid);
    await expect(sealReading({ at: 1n }, options)).rejects.toMatchObject(invalid);
    await expect(sealReading(1, { ...options, recipient: 'none' })).rejects.toMatchObject(invalid);
  });
});

describe('the replay guard', () => {
  it('admits an id once within its window, in whatever order seals come and however the clock moves on', () => {
    const seals = fc.array(fc.record({ id: fc.nat(20), age: fc.nat(20_000), step: fc.nat(3000) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(seals, (list) => {
        const guard = createReplayGuard(0, { oldest: 10_000, ahead: 1000, capacity: 50 });
        const admitted = new Set<string>();
        let clock = 100_000;
        for (const { id, age, step } of list) {
          clock += step;
          const key = `${id}/${clock - age}`;
          try {
            guard.admit(String(id), clock - age, clock);
          } catch {
            continue;
          }
          expect(admitted.has(key)).toBe(false);
          expect(age).toBeLessThanOrEqual(10_000);
          admitted.add(key);
        }
      }),
    );
  });

  it('admits nothing more when it is full, and goes on when the window has moved', () => {
    const guard = createReplayGuard(0, { oldest: 16_000, capacity: 100 });
    for (let index = 0; index < 100; index += 1) guard.admit(`id-${index}`, 20_000, 20_000);
    expect(() => guard.admit('id-100', 20_000, 20_000)).toThrow(
      expect.objectContaining({ code: 'seal-replayed' }),
    );
    guard.admit('id-100', 60_000, 60_000);
  });
});

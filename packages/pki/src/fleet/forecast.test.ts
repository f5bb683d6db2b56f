import { write } from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';
import { describe, expect, it } from 'vitest';
import { HandClock } from '../fixtures/city.ts';
import { certificates, devices } from '../register/kinds.ts';
import { newDevice } from '../register/register.ts';
import { forecastRenewals } from './forecast.ts';

const day = 86_400_000;

describe('the forecast of renewals', () => {
  const clock = new HandClock();
  const now = clock.now();
  const records = new MemoryRecords();
  let made = 0;
  const certificate = (subject: string, issued: number, profile = 'device', revoked = false) => {
    const serial = (0x10000 + made++).toString(16).padStart(32, 'a');
    const life = { notBefore: issued, notAfter: issued + 90 * day, issued };
    const about = {
      issuer: 'device-ca-1',
      profile,
      subject,
      names: [subject],
      keyType: 'EC-P256',
      requester: 'x',
    };
    const gone = revoked ? { revoked: { at: now, reason: 'superseded' as const, by: 'x' } } : {};
    return write.insert(certificates, {
      ...{ serial, ...about, ...life, ...gone },
      ...{ keyDigest: serial, fingerprint: serial, der: '' },
    });
  };
  const device = (id: string, zone: string) =>
    write.insert(devices, newDevice({ id, kind: 'camera', zone }, now));

  it('counts each holder once, by its zone and by the certificate that lasts longest', async () => {
    await records.commit([
      device('new-1', 'north'),
      device('half-1', 'north'),
      device('late-1', 'south'),
      device('gone-1', 'south'),
      device('revoked-1', 'south'),
      certificate('new-1', now - 60 * day),
      certificate('new-1', now),
      certificate('half-1', now - 45 * day),
      certificate('late-1', now - 80 * day),
      certificate('gone-1', now - 100 * day),
      certificate('ancient-1', now - 130 * day),
      certificate('revoked-1', now, 'device', true),
      certificate('door.example', now - 40 * day, 'service'),
      certificate('device-ca-1', now - 40 * day, 'issuing-ca'),
    ]);
    const { at, zones, hours } = await forecastRenewals({ records, clock }, 60);
    expect(at).toBe(now);
    expect(zones.map(({ zone, subjects, overdue, lapsed }) => [zone, subjects, overdue, lapsed])).toEqual([
      ['north', 2, 0, 0],
      ['south', 1, 1, 1],
      ['', 1, 0, 0],
    ]);
    const [north, south] = zones;
    const days = (list: readonly number[]) => list.flatMap((count, at) => (count > 0 ? [at] : []));
    expect(days(north!.expiries)).toEqual([45]);
    expect(days(south!.expiries)).toEqual([10]);
    expect(days(south!.renewals)).toEqual([]);
    // Half of its life is over: it renews within the next sixth of it; the new one later than half of its own.
    const [soon, later] = days(north!.renewals);
    expect(soon).toBeLessThanOrEqual(16);
    expect(later).toBeGreaterThanOrEqual(45);
    expect(hours).toHaveLength(48);
  });
});

import type { PkiHealthView, TokenHealth } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { cameraToken, makeCsr, openCity } from '../fixtures/city.ts';
import { ocspRequestFor } from '../ocsp/ask.ts';
import { problemsOf } from './problems.ts';

const day = 86_400_000;

describe('the health of an authority', () => {
  it('tells keys, lists and responders, and has no problems after a start', async () => {
    const city = await openCity();
    const { authority, clock } = city;
    await authority.tend();
    await authority.crl('device-ca');
    const issued = await authority.enrol({ csr: () => makeCsr('cam-001'), token: await cameraToken(city) });
    await authority.ocsp(
      ocspRequestFor(authority.certificateOf('device-ca'), Buffer.from(issued.der, 'base64')),
    );
    const { token, authorities, problems } = await authority.health();
    expect([token, problems]).toEqual([null, []]);
    expect(authorities.map(({ id, key, issuing }) => [id, key, issuing])).toEqual([
      ['root-1', 'file', true],
      ['device-ca-1', 'file', true],
      ['service-ca-1', 'file', true],
    ]);
    const device = authorities[1]!;
    expect(device.lists).toEqual({
      count: 1,
      entries: 0,
      thisUpdate: clock.now(),
      nextUpdate: clock.now() + 2 * day,
      deltaSince: clock.now(),
    });
    expect(device.responder).toMatchObject({ key: 'file', answers: 1, oldestAnswer: clock.now() });
    expect(authorities[0]!.responder).toBeNull();
  });

  it('keeps lists and responders from ending as long as it is tended', async () => {
    const city = await openCity();
    await city.authority.crl('device-ca', 0);
    for (let days = 0; days < 20; days += 0.5) {
      city.clock.pass(day / 2);
      await city.authority.tend();
      expect((await city.authority.health()).problems).toEqual([]);
    }
  });

  it('says what has ended when nobody tended it', async () => {
    const city = await openCity();
    await city.authority.tend();
    await city.authority.crl('device-ca');
    city.clock.pass(15 * day);
    expect((await city.authority.health()).problems).toEqual([
      { code: 'list-stale', level: 'critical', subject: 'device-ca-1', at: city.clock.now() - 13 * day },
      { code: 'responder-ended', level: 'critical', subject: 'device-ca-1', at: expect.any(Number) },
      { code: 'responder-ended', level: 'critical', subject: 'service-ca-1', at: expect.any(Number) },
    ]);
  });
});

describe('problems', () => {
  const sound: PkiHealthView['authorities'][number] = {
    id: 'device-ca-1',
    issuing: true,
    key: 'token',
    keyType: 'EC-P256',
    notAfter: 1000 * day,
    lists: null,
    responder: null,
  };
  const token: TokenHealth = {
    label: 'kydai',
    state: 'ready',
    since: 5,
    waiting: 0,
    crashes: 0,
    fault: null,
  };
  const codes = (now: number, change: Partial<typeof sound>, state: TokenHealth['state'] = 'ready') =>
    problemsOf(now, { ...token, state }, [{ ...sound, ...change }]).map(({ code, level }) => [code, level]);

  it('are none while all is well, nor for an authority that another followed', () => {
    expect(codes(0, {})).toEqual([]);
    expect(codes(1000 * day, { issuing: false })).toEqual([]);
  });

  it.each([
    [821 * day, 'authority-ends-soon', 'warning'],
    [911 * day, 'authority-ends-soon', 'critical'],
    [1000 * day, 'authority-ended', 'critical'],
  ])('tell at %d of an authority: %s', (now, code, level) => {
    expect(codes(now, {})).toEqual([[code, level]]);
  });

  it('tell of a token that cannot be used', () => {
    expect(codes(0, {}, 'refused')).toEqual([['pin-refused', 'critical']]);
    expect(codes(0, {}, 'unavailable')).toEqual([['token-unavailable', 'critical']]);
  });

  it('name ten of many keys that share a prime', () => {
    const serials = Array.from({ length: 11 }, (_, index) => `aa${index}`);
    const subject = (most: number) =>
      problemsOf(9, token, [], [{ found: 7, serials: serials.slice(0, most) }]);
    expect(subject(2)).toEqual([{ code: 'shared-prime', level: 'critical', subject: 'aa0, aa1', at: 7 }]);
    expect(subject(11)[0]!.subject).toMatch(/^aa0, .*aa9, …$/);
  });

  it('tell a month ahead of the list of an authority whose key is elsewhere', () => {
    const lists = { count: 1, entries: null, thisUpdate: 0, nextUpdate: 100 * day, deltaSince: 0 };
    expect(codes(0, { key: 'offline' })).toEqual([['list-not-imported', 'warning']]);
    expect(codes(69 * day, { key: 'offline', lists })).toEqual([]);
    expect(codes(71 * day, { key: 'offline', lists })).toEqual([['list-stale', 'warning']]);
    expect(codes(100 * day, { key: 'offline', lists })).toEqual([['list-stale', 'critical']]);
  });
});

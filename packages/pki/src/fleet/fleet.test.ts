import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cameraToken, HandClock, makeCsr, openCity } from '../fixtures/city.ts';
import { createCloneWatch } from './clone-watch.ts';
import { renewalWindow } from './renewal.ts';
import { createRenewalHandler } from './renewal-handler.ts';

const day = 86_400_000;

describe('renewal windows', () => {
  it('of certificates issued in one night are spread evenly over a sixth of the life', () => {
    const life = { notBefore: 0, notAfter: 90 * day };
    const perDay = new Array<number>(90).fill(0);
    const count = 20_000;
    let latest = 0;
    for (let index = 0; index < count; index++) {
      const { start, end } = renewalWindow({ serial: randomBytes(16).toString('hex'), ...life });
      latest = Math.max(latest, end);
      perDay[Math.floor(start / day)]!++;
    }
    expect(latest).toBeLessThan(62.5 * day);
    const used = perDay.slice(45, 60);
    expect(used.reduce((sum, value) => sum + value)).toBe(count);
    expect(Math.max(...used) / (count / 15)).toBeLessThan(1.15);
    expect(Math.min(...used) / (count / 15)).toBeGreaterThan(0.85);
  });

  it('are told by serial number, and are now for a revoked certificate', async () => {
    const city = await openCity();
    const handle = createRenewalHandler({ authority: city.authority, clock: city.clock });
    const get = (serial: string): Promise<Response> => handle(new Request(`http://x/pki/renewal/${serial}`));
    const issued = await city.authority.enrol({
      csr: () => makeCsr('cam-001'),
      token: await cameraToken(city),
    });
    const answer = (await (await get(issued.serial)).json()) as { start: string; end: string };
    expect(answer.start).toBe(new Date(renewalWindow(issued).start).toISOString());
    await city.authority.revoke(issued.serial, 'keyCompromise', 'user:lan');
    const now = (await (await get(issued.serial)).json()) as { start: string };
    expect(Date.parse(now.start)).toBe(city.clock.now());
    expect((await get('abcd')).status).toBe(404);
    expect((await get('..')).status).toBe(404);
  });
});

describe('the clone watch', () => {
  const setup = (most?: number) => {
    const clock = new HandClock();
    const watch = createCloneWatch({ clock, ...(most === undefined ? {} : { most }) });
    const at = (place: string, fingerprint = 'f', believed = true, device = 'cam-001') => {
      clock.pass(1000);
      return watch.seen({ device, fingerprint, place, believed });
    };
    return { clock, at };
  };

  it('says nothing of a device that stays, or moves, or moves back another day', () => {
    const { clock, at } = setup();
    for (const place of ['a', 'a', 'b', 'b', 'c', 'c']) expect(at(place)).toBeUndefined();
    clock.pass(day);
    expect(at('b')).toBeUndefined();
  });

  it('notices a key that goes to and fro, and tells it once per window', () => {
    const { clock, at } = setup();
    const told = ['a', 'b', 'a', 'b', 'a', 'b']
      .map((place) => at(place))
      .filter((each) => each !== undefined);
    expect(told).toEqual([
      { device: 'cam-001', fingerprint: 'f', places: ['b', 'a'], changes: 3, at: expect.any(Number) },
    ]);
    clock.pass(600_000);
    expect(['a', 'b', 'a', 'b'].map((place) => at(place)).filter((each) => each !== undefined)).toHaveLength(
      1,
    );
  });

  it('notices a thief who renewed, so that both holders have certificates of their own', () => {
    const { at } = setup();
    const told = [at('a', 'old'), at('b', 'new'), at('a', 'old'), at('b', 'new')];
    expect(told.map((each) => each?.device)).toEqual([undefined, undefined, undefined, 'cam-001']);
  });

  it('suspects no device of what the holder of its revoked key tries', () => {
    const { at } = setup();
    const tries = ['b', 'a', 'b', 'a'].map((place) =>
      place === 'a' ? at('a', 'new') : at('b', 'revoked', false),
    );
    expect(tries).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('remembers no more than it may', () => {
    const { at } = setup(2);
    const of = (device: string, place: string) => at(place, device, true, device);
    of('1', 'a');
    of('2', 'a');
    of('3', 'a');
    // Had it been remembered, the second return would have been told.
    expect(['b', 'a', 'b'].map((place) => of('1', place))).toEqual([undefined, undefined, undefined]);
    expect(of('1', 'a')).toMatchObject({ fingerprint: '1' });
  });
});

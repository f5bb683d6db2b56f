import type { SourceLedger } from '@kydai/contracts';
import { describe, expect, test } from 'vitest';
import { createIntake } from '../collect/intake.ts';
import { MemoryStore } from '../collect/store.fixture.ts';
import { SourceAccount } from './account.ts';
import { createSourceWatch, keepSourceAlerts, type SourceAlert } from './watch.ts';

const minute = 60_000;

/** One source, minute by minute: `rate(n)` frames in minute n. */
function simulate(
  minutes: number,
  rate: (minute: number) => number,
  dropped: (minute: number) => number = () => 0,
) {
  let now = 0;
  const account = new SourceAccount('syslog-tcp/a', 'syslog-tcp', 0);
  const ledgers = (): readonly SourceLedger[] => [account.snapshot()];
  const watch = createSourceWatch({ ledgers, clock: { now: () => now } });
  const told: string[] = [];
  for (let at = 0; at < minutes; at++) {
    const count = rate(at);
    for (let n = 0; n < count; n++) {
      account.admit(1, now + Math.floor((n * minute) / count));
      account.keep(true);
    }
    if (dropped(at) > 0) account.lose('queue-full', 1, now, dropped(at));
    now += minute;
    for (const alert of watch.check()) told.push(`${at} ${alert.kind}`);
  }
  return { told, watch };
}

describe('the watch', () => {
  test('tells once when a busy source falls silent, and when it returns', () => {
    const { told, watch } = simulate(40, (at) => (at < 20 || at >= 30 ? 100 : 0));
    expect(told).toEqual(['22 silent', '30 returned']);
    expect(watch.rates()[0]).toMatchObject({ silent: false, observed: 100 });
    expect(watch.rates()[0]!.expected).toBeCloseTo(100);
  });

  test('gives a source that speaks seldom the time that it usually takes', () => {
    const hourly = (at: number) => (at % 60 === 0 ? 4 : 0);
    expect(simulate(24 * 60, hourly).told).toEqual([]);
    const { told } = simulate(30 * 60, (at) => (at < 24 * 60 ? hourly(at) : 0));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/silent$/);
    expect(Number(told[0]!.split(' ')[0])).toBeGreaterThan(24 * 60 + 60);
  });

  test('tells of a surge once, and does not learn it', () => {
    const { told, watch } = simulate(40, (at) => (at < 20 ? 100 : 20_000));
    expect(told).toEqual(['20 surge']);
    expect(watch.rates()[0]!.expected).toBeCloseTo(100);
  });

  test('tells when a source says much less than usual without falling silent', () => {
    expect(simulate(30, (at) => (at < 20 ? 1000 : 10)).told).toEqual(['22 drop']);
  });

  test('tells when frames are being lost', () => {
    expect(
      simulate(
        5,
        () => 10,
        (at) => (at === 3 ? 7 : 0),
      ).told,
    ).toEqual(['3 losing']);
  });

  test('says nothing of a source that it has not learnt yet, or of steady noise', () => {
    expect(simulate(5, (at) => (at < 3 ? 100 : 0)).told).toEqual([]);
    expect(simulate(200, (at) => 50 + ((at * 37) % 50)).told).toEqual([]);
  });
});

test('alerts become events that rules can see', async () => {
  const store = new MemoryStore();
  const intake = createIntake({ store, clock: { now: () => 5 }, onEvents: () => {} });
  const alert: SourceAlert = {
    kind: 'silent',
    source: 'syslog-udp/10.0.0.1',
    transport: 'syslog-udp',
    at: minute,
    lastSeen: 0,
    expected: 60,
    observed: 0,
  };
  expect(await keepSourceAlerts(intake, [alert])).toBe(true);
  expect(store.events[0]).toMatchObject({ dataset: 'kydai.source', source: 'internal/watch', time: minute });
  expect(store.events[0]!.fields.get('event.action')).toBe('source_silent');
  store.refusing = true;
  expect(await keepSourceAlerts(intake, [alert])).toBe(false);
  await intake.close();
});

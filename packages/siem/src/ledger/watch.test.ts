import type { SourceLedger } from '@kydai/contracts';
import { describe, expect, test } from 'vitest';
import { createIntake } from '../collect/intake.ts';
import { MemoryStore } from '../collect/store.fixture.ts';
import { SourceAccount } from './account.ts';
import { SourceRhythm } from './rhythm.ts';
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
    expect(told).toEqual(['21 silent', '30 returned']);
    expect(watch.rates()[0]).toMatchObject({ silent: false, observed: 100 });
    expect(watch.rates()[0]!.expected).toBeGreaterThan(90);
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

/** One source over days, from a Monday: `rate` frames a minute at a time, in milliseconds since then. */
class City {
  static readonly monday = Date.UTC(2026, 10, 23);
  now = City.monday;
  readonly account = new SourceAccount('syslog-tcp/a', 'syslog-tcp', this.now);
  told: string[] = [];
  #watch = this.#open();

  run(minutes: number, rate: (at: number) => number): void {
    for (let left = minutes; left > 0; left--) {
      const count = Math.round(rate(this.now - City.monday));
      this.now += minute;
      if (count > 0) this.account.refuse('x', 1, this.now - 1, count);
      this.check();
    }
  }

  check(): void {
    for (const { kind } of this.#watch.check()) this.told.push(kind);
  }

  /** Ends without a word and begins again with what was kept. */
  restart(): void {
    const before = this.#watch
      .rhythms()
      .map((rhythm) => SourceRhythm.parse(JSON.parse(JSON.stringify(rhythm))));
    this.#watch = this.#open(before);
  }

  get rate() {
    return this.#watch.rates()[0]!;
  }

  #open(before: readonly SourceRhythm[] = []) {
    const clock = { now: () => this.now };
    return createSourceWatch({ ledgers: () => [this.account.snapshot()], clock, before });
  }

  /** What was told since this was asked last. */
  news(): string[] {
    return this.told.splice(0);
  }
}

const hour = 60;
const day = 24 * hour;

describe('the watch, over weeks', () => {
  const office = (at: number) => {
    const hours = Math.floor(at / 3600_000);
    const working = Math.floor(hours / 24) % 7 < 5;
    return working && hours % 24 >= 1 && hours % 24 < 10 ? 100 : 0;
  };

  test('takes nights and weekends for what they are, and tells of a silence at noon', () => {
    const city = new City();
    city.run(8 * day, office);
    expect(city.news().length).toBeLessThanOrEqual(8);
    city.run(13 * day, office);
    expect(city.news()).toEqual([]);
    city.run(5 * hour, office);
    city.run(10, () => 0);
    expect(city.news()).toEqual(['silent']);
  });

  test('learns that a source which was busy at its start speaks seldom', () => {
    const city = new City();
    city.run(20, () => 50);
    city.run(day, (at) => (at % 3600_000 === 0 ? 4 : 0));
    expect(city.news().length).toBeGreaterThan(0);
    city.run(3 * day, (at) => (at % 3600_000 === 0 ? 4 : 0));
    expect(city.news()).toEqual([]);
  });

  test('tells of silence after a flood by what was usual before it', () => {
    const city = new City();
    city.run(day, () => 100);
    city.run(30, () => 50_000);
    city.run(10, () => 0);
    expect(city.news()).toEqual(['surge', 'silent']);
  });

  test('takes a flood that does not end for usual in the end, and not within hours', () => {
    const city = new City();
    city.run(2 * day, () => 1000);
    city.run(6 * hour, () => 50_000);
    expect(city.news()).toEqual(['surge']);
    expect(city.rate.expected!).toBeLessThan(10_000);
    city.run(7 * day, () => 50_000);
    city.news();
    city.run(day, () => 50_000);
    expect(city.news()).toEqual([]);
    expect(city.rate.expected!).toBeGreaterThan(20_000);
  });

  test('cannot be taught by longer and longer gaps that a busy source may be silent', () => {
    const city = new City();
    city.run(day, () => 1000);
    for (let gap = 1; gap < 200; gap *= 2) {
      city.run(gap, () => 0);
      city.run(5, () => 1000);
    }
    const told = city.news().filter((kind) => kind === 'silent');
    expect(told.length).toBeGreaterThanOrEqual(4);
  });

  test('keeps its head when the clock is set', () => {
    const city = new City();
    city.run(day, () => 100);
    city.now += 5 * 3600_000;
    city.run(30, () => 100);
    city.now -= 9 * 3600_000;
    city.run(30, () => 100);
    expect(city.news()).toEqual([]);
    city.run(5, () => 0);
    expect(city.news()).toEqual(['silent']);
  });

  test('goes on after a restart: with what is usual, and with what was told', () => {
    const city = new City();
    city.run(day, () => 100);
    const { expected } = city.rate;
    city.restart();
    city.run(1, () => 100);
    expect(city.rate.expected).toBeCloseTo(expected!);
    city.restart();
    city.run(3, () => 0);
    expect(city.news()).toEqual(['silent']);
    city.restart();
    city.run(30, () => 0);
    expect(city.news()).toEqual([]);
    city.run(1, () => 100);
    expect(city.news()).toEqual(['returned']);
  });

  test('tells of losses that go on once an hour, with all of them', () => {
    const city = new City();
    for (let passed = 0; passed < 3 * hour; passed++) {
      city.account.lose('queue-full', 1, city.now, 10);
      city.run(1, () => 0);
    }
    expect(city.news()).toEqual(['losing', 'losing', 'losing']);
  });
});

test('that the kernel loses nothing any more is no silence', () => {
  let now = 0;
  const account = new SourceAccount('syslog-udp/kernel', 'syslog-udp', now);
  const watch = createSourceWatch({ ledgers: () => [account.snapshot()], clock: { now: () => now } });
  const told = new Set<string>();
  for (let passed = 0; passed < 300; passed++) {
    if (passed < 60) account.lose('kernel-buffer', 0, now, 100);
    now += minute;
    for (const { kind } of watch.check()) told.add(kind);
  }
  expect([...told]).toEqual(['losing']);
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

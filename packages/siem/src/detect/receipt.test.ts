import type { Event } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import type { Detector } from './detector.ts';
import { base, corr, count, detectorOf, hits, later, second, written } from './detector-samples.ts';

describe('events that come long after their time', () => {
  const hour = 3600;
  /** The same events as if they came `seconds` after their time. */
  const behind = (events: readonly Event[], seconds: number, source = 's') =>
    events.map((event) => ({ ...event, source, received: event.time + seconds * second }));
  /** As the program runs: one event at a time, and the clock moves on between. */
  const live = (detector: Detector, events: readonly Event[]) =>
    corr(events.flatMap((event) => [...detector.process(event), ...detector.advance(event.received)]));

  it.each([7 * hour, 1 * hour, 200, -7 * hour])(
    'are correlated when the clock of the sender is %i s behind',
    (seconds) => {
      expect(live(detectorOf(count(10)), behind(hits(10, 1), seconds))).toHaveLength(1);
      expect(live(detectorOf(count(10)), behind(hits(10, 30), seconds))).toEqual([]);
    },
  );

  it('do not disturb what comes in time about the same group, nor other sources', () => {
    const now = hits(10, 2);
    const old = behind(later(hits(10, 2), -7 * hour), 7 * hour, 'old');
    const poison = behind(later(hits(10, 2), -2 * hour), 2 * hour, 'forger');
    const mixed = now.flatMap((event, index) => [event, old[index]!, poison[index]!]);
    const found = live(detectorOf(count(10)), mixed);
    expect(found.map(({ eventIds }) => eventIds)).toEqual(
      [now, old, poison].map((events) => events.map(({ id }) => id)),
    );
  });

  it('of an old file are counted as they happened, however fast the file is sent', () => {
    const sent = base + 300 * 24 * hour * second;
    const slow = hits(30, 20, { u: 'slow' });
    const file = [...slow, ...later(hits(10, 1), 100)].sort((left, right) => left.time - right.time);
    const found = live(
      detectorOf(count(10)),
      file.map((event, index) => ({ ...event, received: sent + index })),
    );
    expect(found.map(({ group }) => group)).toEqual([{ u: 'x' }]);
  });

  it('are judged for upper bounds when their windows close, by the time of receipt', () => {
    const detector = detectorOf(count(2, '').replace('gte: 2', 'lt: 3'));
    const few = behind(hits(2, 1), 7 * hour);
    expect(live(detector, few)).toEqual([]);
    expect(corr(detector.advance(few[1]!.received + 30 * second))).toEqual([]);
    expect(corr(detector.advance(few[1]!.received + 200 * second))).toHaveLength(1);
  });

  it('give the same after a restart in the middle', () => {
    const events = behind(hits(10, 1), 7 * hour);
    const before = detectorOf(count(10));
    live(before, events.slice(0, 6));
    const after = detectorOf(count(10));
    after.restore(written(before.checkpoint()));
    const [whole] = live(detectorOf(count(10)), events);
    expect(live(after, events.slice(6)).map(({ id }) => id)).toEqual([whole!.id]);
  });
});

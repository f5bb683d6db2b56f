import type { Clock, RecordStore, Signals } from '@kydai/contracts';
import { detections } from '@kydai/csirt';

/** How often a rule fired, and when last (epoch ms of detection). */
export interface Tally {
  readonly fired: number;
  readonly lastFired: number | null;
}

export interface RuleTallies {
  /** By rule id. */
  of(rules: readonly string[]): Promise<ReadonlyMap<string, Tally>>;
  /** Of every rule that fired since the start, or in the 10,000 detections before it; others have no entry. */
  fired(): Promise<ReadonlyMap<string, Tally>>;
  /** Detections of one rule a day, the last so many days, oldest first; days are those of UTC. */
  daily(rule: string, days: number): Promise<readonly { readonly time: number; readonly count: number }[]>;
}

const day = 86_400_000;

/**
 * Counts detections by rule: what was kept before this start is counted once, when it is first asked for, and what
 * comes after as it comes.
 */
export function createRuleTallies(parts: {
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly clock: Clock;
}): RuleTallies {
  const { records, signals, clock } = parts;
  const opened = clock.now();
  const earlier = new Map<string, Promise<Tally>>();
  const since = new Map<string, { fired: number; lastFired: number }>();
  let kept: Promise<readonly string[]> | undefined;
  signals.subscribe((signal) => {
    if (signal.type !== 'detection' || signal.detection.detected < opened) return;
    const { rule, detected } = signal.detection;
    const tally = since.get(rule.id) ?? { fired: 0, lastFired: 0 };
    since.set(rule.id, { fired: tally.fired + 1, lastFired: Math.max(tally.lastFired, detected) });
  });
  const count = async (rule: string): Promise<Tally> => {
    const where = { rule, detected: { lt: opened } };
    const { records: newest, total } = await records.find(detections, {
      where,
      order: '-detected',
      limit: 1,
    });
    return { fired: total, lastFired: newest[0]?.value.detected ?? null };
  };
  const of = async (rules: readonly string[]) => {
    const tallies = new Map<string, Tally>();
    for (const rule of rules) {
      let before = earlier.get(rule);
      if (before === undefined) {
        before = count(rule);
        earlier.set(rule, before);
        before.catch(() => earlier.delete(rule));
      }
      const { fired, lastFired } = await before;
      const own = since.get(rule);
      tallies.set(rule, { fired: fired + (own?.fired ?? 0), lastFired: own?.lastFired ?? lastFired });
    }
    return tallies;
  };
  return {
    of,
    async fired() {
      kept ??= records
        .find(detections, { where: { detected: { lt: opened } }, order: '-detected', limit: 10_000 })
        .then(({ records: newest }) => [...new Set(newest.map(({ value }) => value.rule.id))]);
      kept.catch(() => {
        kept = undefined;
      });
      return of([...new Set([...(await kept), ...since.keys()])]);
    },
    async daily(rule, days) {
      const today = Math.floor(clock.now() / day) * day;
      const from = today - (days - 1) * day;
      return Promise.all(
        Array.from({ length: days }, async (_, index) => {
          const time = from + index * day;
          const where = { rule, detected: { gte: time, lt: time + day } };
          return { time, count: await records.count(detections, where) };
        }),
      );
    },
  };
}

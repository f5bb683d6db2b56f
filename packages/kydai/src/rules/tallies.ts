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
}

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
  return {
    async of(rules) {
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
    },
  };
}

import { type Incident, type Indicator, type Level, levels } from '@kydai/contracts';
import { computeIndicators } from './indicators.ts';

/** The figures of one reporting year, each with the incidents that it came from. */
export interface YearlyReport {
  readonly year: number;
  /** Epoch milliseconds: 15 December of the year before, 00:00, and 15 December of the year, 00:00, Viet Nam time. */
  readonly from: number;
  readonly until: number;
  /** Due to the city by the end of 20 December, to the ministry by the end of 25 December. */
  readonly dueInside: number;
  readonly dueMinistry: number;
  readonly incidents: {
    readonly total: number;
    readonly bySeverity: Readonly<Record<Level, number>>;
    readonly byCategory: Readonly<Record<string, number>>;
    readonly byState: Readonly<Record<string, number>>;
    readonly reported: number;
    readonly numbers: readonly string[];
  };
  readonly falsePositives: number;
  readonly drills: number;
  readonly indicators: readonly Indicator[];
}

const zone = 7 * 3_600_000;
const day = 86_400_000;
/** Midnight in Viet Nam. */
const midnight = (year: number, month: number, date: number): number =>
  Date.UTC(year, month - 1, date) - zone;

/**
 * The yearly report of Decree 331/2026 Articles 35 and 36: incidents discovered from 15 December of the year before to
 * 14 December. Drills and false positives are counted by themselves and in no other figure.
 */
export function yearlyReport(incidents: readonly Incident[], year: number, now: number): YearlyReport {
  const from = midnight(year - 1, 12, 15);
  const until = midnight(year, 12, 15);
  const within = incidents.filter(({ times }) => {
    const at = times.discovery?.at;
    return at !== undefined && at >= from && at < until;
  });
  const drills = within.filter(({ drill }) => drill);
  const real = within.filter(({ drill }) => !drill);
  const counted = real.filter(({ state }) => state !== 'false-positive');
  return {
    year,
    from,
    until,
    dueInside: midnight(year, 12, 20) + day - 1,
    dueMinistry: midnight(year, 12, 25) + day - 1,
    incidents: {
      total: counted.length,
      bySeverity: Object.fromEntries(
        levels.map((level) => [level, counted.filter(({ severity }) => severity === level).length]),
      ) as Record<Level, number>,
      byCategory: tally(counted.map(({ category }) => category)),
      byState: tally(counted.map(({ state }) => state)),
      reported: counted.filter(({ times }) => times.reported !== undefined).length,
      numbers: counted.map(({ number }) => number).sort(),
    },
    falsePositives: real.length - counted.length,
    drills: drills.length,
    indicators: computeIndicators(counted, now),
  };
}

function tally(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

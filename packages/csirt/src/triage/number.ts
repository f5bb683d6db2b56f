import { type RecordStore, recordKind, type Write, write } from '@kydai/contracts';
import { z } from 'zod';

const Counter = z.strictObject({ year: z.number().int(), last: z.number().int() }).readonly();
type Counter = z.infer<typeof Counter>;
export const incidentCounters = recordKind<Counter>({
  name: 'incident_counters',
  schema: Counter,
  key: (counter) => String(counter.year),
  indexes: {},
});

/** Viet Nam keeps UTC+7 all year; an incident of 1 January at 03:00 in Huế belongs to the new year. */
const zone = 7 * 3_600_000;

/**
 * Hands out `INC-<year>-<number>` within one commit. Numbers have no holes and never repeat: the counter's change is in
 * the commit that writes the incident, and a conflict takes both back.
 */
export class Numbers {
  readonly #records: RecordStore;
  readonly #years = new Map<number, { last: number; version: number | undefined }>();

  constructor(records: RecordStore) {
    this.#records = records;
  }

  async next(now: number): Promise<string> {
    const year = new Date(now + zone).getUTCFullYear();
    let counter = this.#years.get(year);
    if (counter === undefined) {
      const stored = await this.#records.get(incidentCounters, String(year));
      counter = { last: stored?.value.last ?? 0, version: stored?.version };
      this.#years.set(year, counter);
    }
    counter.last += 1;
    return `INC-${year}-${String(counter.last).padStart(4, '0')}`;
  }

  /** The counters' changes, for the commit. */
  writes(): Write[] {
    return [...this.#years].map(([year, { last, version }]) =>
      version === undefined
        ? write.insert(incidentCounters, { year, last })
        : write.update(incidentCounters, { year, last }, version),
    );
  }
}

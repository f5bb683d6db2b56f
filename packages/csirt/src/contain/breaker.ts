import { type RecordStore, recordKind, uuidv7, type Write, write } from '@kydai/contracts';
import { z } from 'zod';

const hour = 3_600_000;

/** Containments that one change of a run began without a person. Gone after an hour. */
const Begun = z.strictObject({ id: z.string(), at: z.number(), count: z.number().int() });
type Begun = z.infer<typeof Begun>;
export const unattendedBegun = recordKind<Begun>({
  name: 'unattended_begun',
  schema: Begun,
  key: ({ id }) => id,
  indexes: { at: ({ at }) => at },
});

/**
 * Bounds how many containments run without a person within an hour.
 *
 * Log lines can be forged and rules can be wrong; either could otherwise take every device of a city out of service in
 * minutes. Beyond the limit nothing is refused: each further containment waits for a person. INVARIANT: what counts is
 * kept with what it counts, in one commit, so that a restart forgets nothing.
 */
export class Breaker {
  readonly #limit: number;
  readonly #records: RecordStore;
  #loaded: Promise<void> | undefined;
  #begun: Begun[] = [];
  /** Ids of records that are older than an hour. */
  #old: string[] = [];

  constructor(limit: number, records: RecordStore) {
    this.#limit = limit;
    this.#records = records;
  }

  /** How many more may begin now. */
  async left(now: number): Promise<number> {
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    await this.#loaded;
    this.#old.push(...this.#begun.filter(({ at }) => at <= now - hour).map(({ id }) => id));
    this.#begun = this.#begun.filter(({ at }) => at > now - hour);
    return Math.max(0, this.#limit - this.#begun.reduce((sum, { count }) => sum + count, 0));
  }

  /** Counts containments that a commit begins: what the commit must also write, and what to call once it is durable. */
  note(count: number, now: number): { readonly writes: readonly Write[]; readonly durable: () => void } {
    if (count === 0) return { writes: [], durable: () => undefined };
    const begun = { id: uuidv7(now), at: now, count };
    const old = [...this.#old];
    return {
      writes: [write.insert(unattendedBegun, begun), ...old.map((id) => write.delete(unattendedBegun, id))],
      durable: () => {
        this.#begun.push(begun);
        this.#old = this.#old.filter((id) => !old.includes(id));
      },
    };
  }

  async #load(): Promise<void> {
    const found = await this.#records.find(unattendedBegun, { order: '-at', limit: 10_000 });
    this.#begun = found.records.map(({ value }) => value);
  }
}

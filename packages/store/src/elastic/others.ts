import type { Client } from '@elastic/elasticsearch';
import type { Clock, Event } from '@kydai/contracts';
import { fromDocument } from './document.ts';
import { ask } from './search.ts';

const every = 2_000;
/** Events of one look; where more came, followers miss the rest and search for it. */
const atOnce = 1_000;
/** Clocks of other writers may differ, and what they wrote is seen with a delay: for so long a look goes back. */
const back = 20_000;
const remembered = 50_000;

/**
 * What other programs write to the same stream, while somebody follows: a look every two seconds, at what was received
 * lately and is not known yet.
 */
export class Others {
  readonly #look: () => Promise<readonly Event[]>;
  readonly #found: (events: readonly Event[]) => void;
  readonly #known = new Set<string>();
  #followers = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(client: Client, stream: string, clock: Clock, found: (events: readonly Event[]) => void) {
    this.#found = found;
    this.#look = async () => {
      const { hits } = await ask(client, stream, {
        query: { range: { 'kydai.received': { gte: clock.now() - back } } },
        sort: [{ 'kydai.received': { order: 'desc', unmapped_type: 'long' } }],
        size: atOnce,
        track_total_hits: false,
      });
      return hits.hits.map((hit) => fromDocument(hit._source)).toReversed();
    };
  }

  /** Notes events that followers were told of already. */
  knew(events: readonly Event[]): void {
    if (this.#followers === 0) return;
    for (const { id } of events) this.#known.add(id);
    for (const id of this.#known) {
      if (this.#known.size <= remembered) break;
      this.#known.delete(id);
    }
  }

  /** What the first look finds was there before, and is not told. */
  async begin(): Promise<void> {
    if (this.#followers++ > 0) return;
    await this.#again(() => undefined);
    if (this.#followers === 0) return;
    this.#timer = setInterval(() => void this.#again(this.#found), every);
    this.#timer.unref();
  }

  end(): void {
    if (--this.#followers > 0) return;
    clearInterval(this.#timer);
    this.#known.clear();
  }

  async #again(tell: (events: readonly Event[]) => void): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const fresh = (await this.#look()).filter(({ id }) => !this.#known.has(id));
      this.knew(fresh);
      if (fresh.length > 0) tell(fresh);
    } catch {
      // Away: the next look finds what this one did not.
    } finally {
      this.#looking = false;
    }
  }
}

import type { Event, EventFilter } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { compileFilter } from '../filter/match.ts';

const maxQueued = 10_000;

/** Hands events to followers as they become durable. */
export class Tails {
  readonly #followers = new Set<(events: readonly Event[]) => void>();
  readonly #ends = new Set<() => void>();

  publish(events: readonly Event[]): void {
    for (const follower of this.#followers) follower(events);
  }

  /**
   * Events that match, from now on, until the signal ends it. Ends with `busy` when the reader falls 10,000 events
   * behind: it learns that it misses something instead of missing it silently.
   */
  async *follow(
    filter: EventFilter | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Event, void, undefined> {
    const test = filter && compileFilter(filter);
    let queue: Event[] = [];
    let failure: StoreError | undefined;
    let ended = signal.aborted;
    let wake = () => {};
    const follower = (events: readonly Event[]) => {
      for (const event of events) if (test === undefined || test(event)) queue.push(event);
      if (queue.length > maxQueued) {
        failure = new StoreError(
          'busy',
          `the reader of the tail fell more than ${maxQueued} events behind; narrow it down`,
        );
        this.#followers.delete(follower);
      }
      wake();
    };
    const end = () => {
      ended = true;
      wake();
    };
    this.#followers.add(follower);
    this.#ends.add(end);
    signal.addEventListener('abort', end, { once: true });
    try {
      while (!ended) {
        if (failure !== undefined) throw failure;
        const ready = queue;
        queue = [];
        for (const event of ready) {
          if (ended) return;
          yield event;
        }
        if (queue.length === 0 && !ended && failure === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#followers.delete(follower);
      this.#ends.delete(end);
      signal.removeEventListener('abort', end);
    }
  }

  close(): void {
    for (const end of this.#ends) end();
  }
}

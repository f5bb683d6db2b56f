import type { Event, EventStore } from '@kydai/contracts';

/** An event store in memory that can be made slow, refusing or stuck, for the tests of this folder. */
export class MemoryStore implements Pick<EventStore, 'append'> {
  readonly events: Event[] = [];
  appends = 0;
  refusing = false;
  /** Appends that hold an event with this in its line are refused. */
  poison: string | undefined;
  /** Set to hold appends back until `release` is called. */
  held = false;
  #release: (() => void)[] = [];

  async append(events: readonly Event[]): Promise<void> {
    this.appends++;
    await (this.held ? new Promise<void>((resolve) => this.#release.push(resolve)) : Promise.resolve());
    if (this.refusing) throw new Error('no space left on device');
    const { poison } = this;
    if (poison !== undefined && events.some((event) => event.raw.includes(poison)))
      throw new Error('bad value');
    this.events.push(...events);
  }

  release(): void {
    this.held = false;
    for (const resolve of this.#release.splice(0)) resolve();
  }
}

/** Resolves as soon as the condition holds; rejects after `ms`. */
export async function until(condition: () => boolean, ms = 30_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error('condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

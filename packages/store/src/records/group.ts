import { StoreError } from '../error.ts';

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Commits a group of items: the outcome of each, in order; undefined is success. Throws when the whole group failed. */
export type CommitGroup<T> = (items: readonly T[]) => readonly unknown[] | Promise<readonly unknown[]>;

const maxGroup = 512;
const maxWaiting = 50_000;

/**
 * Group commit: what arrives in the same turn of the event loop, or while a group is being made durable, goes to disk
 * together and shares one sync. Each caller learns its own outcome.
 */
export class GroupCommit<T> {
  readonly #commit: CommitGroup<T>;
  #waiting: Waiting<T>[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(commit: CommitGroup<T>) {
    this.#commit = commit;
  }

  add(item: T): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the record store is closed'));
    if (this.#waiting.length >= maxWaiting) {
      return Promise.reject(new StoreError('busy', `more than ${maxWaiting} commits wait; try again later`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Refuses what comes from now on, and resolves once what was accepted has its outcome. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
      const group = this.#waiting.splice(0, maxGroup);
      try {
        const outcomes = await this.#commit(group.map(({ item }) => item));
        group.forEach(({ resolve, reject }, at) => {
          if (outcomes[at] === undefined) resolve();
          else reject(outcomes[at]);
        });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    } while (this.#waiting.length > 0);
    this.#running = undefined;
  }
}

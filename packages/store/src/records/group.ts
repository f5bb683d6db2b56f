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
/** Enough to send at once, in the middle of a turn, where groups may be under way side by side. */
const worthSending = 24;

/**
 * Group commit: what arrives in the same turn of the event loop, or while a group is being made durable, goes to disk
 * together and shares one sync. Each caller learns its own outcome.
 *
 * Where `ahead` groups may be under way at a time, a group leaves as soon as it is worth sending: the thread that writes
 * is busy while this one still makes the rest of what came with it.
 */
export class GroupCommit<T> {
  readonly #commit: CommitGroup<T>;
  readonly #ahead: number;
  readonly #underWay = new Set<Promise<void>>();
  #waiting: Waiting<T>[] = [];
  #turn: Promise<void> | undefined;
  #closed = false;

  constructor(commit: CommitGroup<T>, ahead = 1) {
    this.#commit = commit;
    this.#ahead = ahead;
  }

  add(item: T): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the record store is closed'));
    if (this.#waiting.length >= maxWaiting) {
      return Promise.reject(new StoreError('busy', `more than ${maxWaiting} commits wait; try again later`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#ahead > 1 && this.#waiting.length >= worthSending) this.#send();
      this.#sendNextTurn();
    });
  }

  /** Refuses what comes from now on, and resolves once what was accepted has its outcome. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#turn !== undefined || this.#underWay.size > 0) {
      await this.#turn;
      await Promise.all(this.#underWay);
    }
  }

  #sendNextTurn(): void {
    if (this.#turn !== undefined || this.#waiting.length === 0) return;
    this.#turn = new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#send();
        resolve();
      });
    });
  }

  #send(): void {
    if (this.#waiting.length === 0 || this.#underWay.size >= this.#ahead) return;
    const done = this.#settle(this.#waiting.splice(0, maxGroup)).then(() => {
      this.#underWay.delete(done);
      this.#sendNextTurn();
    });
    this.#underWay.add(done);
  }

  /** Tells each caller its outcome; never rejects. */
  async #settle(group: readonly Waiting<T>[]): Promise<void> {
    try {
      const outcomes = await this.#commit(group.map(({ item }) => item));
      group.forEach(({ resolve, reject }, at) => {
        if (outcomes[at] === undefined) resolve();
        else reject(outcomes[at]);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

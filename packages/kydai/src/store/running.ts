import type { QueryProgress } from '@kydai/contracts';

export interface RunningView {
  /** From 0 to 1; null where the store cannot tell. */
  readonly share: number | null;
  /** Milliseconds since it began. */
  readonly elapsed: number;
}

interface Running {
  readonly began: number;
  readonly shares: (number | null)[];
  left: number;
}

/** The questions that are being answered, by the name that who asks gave them: how far is it? */
export class RunningQueries {
  readonly #running = new Map<string, Running>();

  /** Runs a question, of which the name may have several at once. */
  async watch<T>(name: string | undefined, ask: (progress?: QueryProgress) => Promise<T>): Promise<T> {
    if (name === undefined) return ask();
    const running = this.#running.get(name) ?? { began: performance.now(), shares: [], left: 0 };
    this.#running.set(name, running);
    const at = running.shares.push(null) - 1;
    running.left++;
    try {
      return await ask((share) => {
        running.shares[at] = share;
      });
    } finally {
      running.shares[at] = 1;
      if (--running.left === 0) this.#running.delete(name);
    }
  }

  view(name: string): RunningView | undefined {
    const found = this.#running.get(name);
    if (found === undefined) return undefined;
    const known = found.shares.filter((share) => share !== null);
    const share = known.length === 0 ? null : found.shares.reduce<number>((sum, one) => sum + (one ?? 0), 0);
    return {
      share: share === null ? null : share / found.shares.length,
      elapsed: Math.round(performance.now() - found.began),
    };
  }
}

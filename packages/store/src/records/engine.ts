import type { CompiledQuery } from 'kysely';
import type { Batch, Outcome } from './commit.ts';
import type { Dialect } from './dialect.ts';
import type { Answer, Steps } from './steps.ts';

/** A database that runs steps: SQLite at once, PostgreSQL over the network. */
export interface Engine {
  readonly dialect: Dialect;
  /** Runs steps in one transaction, alone among writers; durable when it resolves, undone as a whole when they throw. */
  write<T>(steps: () => Steps<T>): Promise<T>;
  /** Applies a group of commits as `commitGroup` does, elsewhere than on this thread; where there is a way to. */
  readonly apply?: (batches: readonly Batch[]) => Promise<readonly Outcome[]>;
  /** How many groups `apply` takes before the first of them is done; one unless told. They are applied in order. */
  readonly ahead?: number;
  /** Answers one query that only reads, without a transaction around it; where that is cheaper. */
  readonly one?: (query: CompiledQuery) => Answer;
  /** Runs steps that only read, on one unchanging view of the data. */
  read<T>(steps: () => Steps<T>): Promise<T>;
  close(): Promise<void>;
}

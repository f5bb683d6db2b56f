import type { CompiledQuery } from 'kysely';

export type Row = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly rows: readonly Row[];
  /** How many rows a write touched. */
  readonly changed: number;
}

/**
 * A piece of database work: it yields compiled queries and is given their answers. The same work runs synchronously on
 * SQLite and asynchronously on PostgreSQL, so that the rules of commits and of the audit log are written once.
 */
export type Steps<T> = Generator<CompiledQuery, T, Answer>;

/** Asks one query inside a `Steps` generator. */
export function* ask(query: CompiledQuery): Steps<Answer> {
  return yield query;
}

/** Runs steps against a database that answers at once. */
export function runSync<T>(steps: Steps<T>, answer: (query: CompiledQuery) => Answer): T {
  let next = steps.next();
  while (!next.done) {
    let given: Answer;
    try {
      given = answer(next.value);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(given);
  }
  return next.value;
}

/** Runs steps against a database that answers over the network. */
export async function runAsync<T>(
  steps: Steps<T>,
  answer: (query: CompiledQuery) => Promise<Answer>,
): Promise<T> {
  let next = steps.next();
  while (!next.done) {
    let given: Answer;
    try {
      given = await answer(next.value);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(given);
  }
  return next.value;
}

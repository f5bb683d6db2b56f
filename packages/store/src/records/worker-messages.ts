import { StoreError, type StoreErrorCode } from '../error.ts';
import type { Batch, Change, Demand, Outcome } from './commit.ts';

/**
 * A group of commits on its way to the thread that writes: one flat list of plain values, because a message of many
 * small objects takes longer to copy than the records take to write.
 */
export interface GroupMessage {
  readonly id: number;
  /** Statements that the thread has not seen yet; they are numbered in the order in which they come. */
  readonly statements: readonly Statement[];
  /** For each commit: how many changes, for each its statement, how many parameters and these; how many leaves, these. */
  readonly words: readonly unknown[];
}

interface Statement {
  readonly sql: string;
  readonly demand: Demand;
}

/** What became of a group: of each commit which change met a conflict (-1: none), or why the whole group failed. */
export type OutcomeMessage =
  | { readonly id: number; readonly conflicts: readonly number[] }
  | { readonly id: number; readonly failed: PlainFailure };

interface PlainFailure {
  readonly code: StoreErrorCode | undefined;
  readonly message: string;
}

/** Writes messages for one thread and remembers which statements it has seen. */
export class GroupWriter {
  readonly #numbers = new Map<string, number>();

  message(id: number, batches: readonly Batch[]): GroupMessage {
    const statements: Statement[] = [];
    const words: unknown[] = [];
    for (const { changes, leaves } of batches) {
      words.push(changes.length);
      for (const { query, demand } of changes) {
        // One text may be asked with one demand and with another.
        const name = `${demand} ${query.sql}`;
        let number = this.#numbers.get(name);
        if (number === undefined) {
          number = this.#numbers.size;
          this.#numbers.set(name, number);
          statements.push({ sql: query.sql, demand });
        }
        words.push(number, query.parameters.length);
        for (let at = 0; at < query.parameters.length; at++) words.push(query.parameters[at]);
      }
      words.push(leaves.length);
      for (const leaf of leaves) words.push(leaf);
    }
    return { id, statements, words };
  }
}

/** Reads on the thread what a `GroupWriter` wrote. Changes come without kind and key, which only the caller needs. */
export class GroupReader {
  readonly #statements: Statement[] = [];

  batches({ statements, words }: GroupMessage): Batch[] {
    this.#statements.push(...statements);
    const batches: Batch[] = [];
    let at = 0;
    const count = (): number => words[at++] as number;
    const take = (): readonly unknown[] => {
      const length = count();
      at += length;
      return words.slice(at - length, at);
    };
    while (at < words.length) {
      const changes: Change[] = [];
      for (let left = count(); left > 0; left--) {
        const { sql, demand } = this.#statements[count()]!;
        const query = { sql, parameters: take() } as unknown as Change['query'];
        changes.push({ kind: '', key: '', demand, query });
      }
      batches.push({ changes, leaves: take() as readonly string[] });
    }
    return batches;
  }
}

export function plainOutcome({ changes }: Batch, outcome: Outcome): number {
  return outcome === undefined ? -1 : changes.indexOf(outcome);
}

export function outcomeOf({ changes }: Batch, plain: number): Outcome {
  return plain < 0 ? undefined : changes[plain];
}

export function plainFailure(error: unknown): PlainFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof StoreError ? error.code : undefined, message };
}

export function failureOf({ code, message }: PlainFailure): Error {
  return new StoreError(code ?? 'disk-failed', message);
}

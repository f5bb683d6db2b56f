import { RecordConflict } from '@kydai/contracts';
import { StoreError, type StoreErrorCode } from '../error.ts';
import type { Batch } from './commit.ts';

/** A group of commits on its way to the thread that writes. */
export interface GroupMessage {
  readonly id: number;
  /** Queries keep their text and parameters alone: their syntax trees stay behind. */
  readonly batches: readonly PlainBatch[];
}

export interface PlainBatch {
  readonly changes: readonly {
    readonly kind: string;
    readonly key: string;
    readonly mustTouch: boolean;
    readonly query: { readonly sql: string; readonly parameters: readonly unknown[] };
  }[];
  readonly leaves: readonly string[];
}

/** What became of a group: the conflict of each commit (null where there is none), or why the whole group failed. */
export type OutcomeMessage =
  | { readonly id: number; readonly conflicts: readonly (PlainConflict | null)[] }
  | { readonly id: number; readonly failed: PlainFailure };

interface PlainConflict {
  readonly kind: string;
  readonly key: string;
}

interface PlainFailure {
  readonly code: StoreErrorCode | undefined;
  readonly message: string;
}

export function plainBatch({ changes, leaves }: Batch): PlainBatch {
  return {
    changes: changes.map(({ kind, key, mustTouch, query: { sql, parameters } }) => ({
      kind,
      key,
      mustTouch,
      query: { sql, parameters },
    })),
    leaves,
  };
}

export function plainConflict(outcome: unknown): PlainConflict | null {
  return outcome instanceof RecordConflict ? { kind: outcome.kind, key: outcome.key } : null;
}

export function conflictOf(plain: PlainConflict | null): RecordConflict | undefined {
  return plain === null ? undefined : new RecordConflict(plain.kind, plain.key);
}

export function plainFailure(error: unknown): PlainFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof StoreError ? error.code : undefined, message };
}

export function failureOf({ code, message }: PlainFailure): Error {
  return new StoreError(code ?? 'disk-failed', message);
}

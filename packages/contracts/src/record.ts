import type { z } from 'zod';
import { KydaiError } from './error.ts';

export type IndexValue = string | number | boolean | null;

/**
 * Declares a kind of record: each domain package declares its own, and the store makes a table of it with one column
 * for each index. One general mechanism instead of a repository class for each kind.
 */
export interface RecordKind<T> {
  /** Table name: lower-case words with underscores. */
  readonly name: string;
  readonly schema: z.ZodType<T>;
  key(value: T): string;
  /** The columns that `find` can filter and sort by. */
  readonly indexes: Readonly<Record<string, (value: T) => IndexValue>>;
  /**
   * Indexes that leave the keys out, in kinds that are written by the thousand a second: what is written together then
   * lies together there. For values that each record has for itself or that very many share, and by which nobody sorts:
   * finding costs what it did, sorting by them or by key among them costs more.
   */
  readonly lean?: readonly string[];
}

/** Declares a record kind with its types inferred. */
export function recordKind<T>(kind: RecordKind<T>): RecordKind<T> {
  return kind;
}

export interface StoredRecord<T> {
  readonly value: T;
  /** Starts at 1 and grows by 1 with each change. */
  readonly version: number;
}

/** By index name: a value for equality, a list for any of, or bounds. */
export type RecordWhere = Readonly<
  Record<
    string,
    | IndexValue
    | readonly IndexValue[]
    | {
        readonly gt?: IndexValue;
        readonly gte?: IndexValue;
        readonly lt?: IndexValue;
        readonly lte?: IndexValue;
      }
  >
>;

export interface RecordQuery {
  readonly where?: RecordWhere;
  /** An index name, `-` before it for descending; ties and the default go by key. */
  readonly order?: string;
  /** At most 10,000; 100 unless told. */
  readonly limit?: number;
  readonly offset?: number;
  /**
   * Indexes by which the records are not to be found: those in `where` that nearly all records pass, or that of `order`
   * where few records are found by another. Changes what it costs, not what is found.
   */
  readonly aside?: readonly string[];
  /** Whether to count all that match; true unless told, and worth leaving out of a walk over many pages. */
  readonly total?: boolean;
}

export interface RecordPage<T> {
  readonly records: readonly StoredRecord<T>[];
  /** How many match in all; where that was not asked, how many are known of. */
  readonly total: number;
}

/** A part of an index to look through for a text. */
export interface IndexSliceQuery {
  /** What the texts hold, whatever the case of A to Z. */
  readonly holding: string;
  /** Where the slice before ended; from the beginning without it. */
  readonly after?: string;
  /** So many records of the index are looked at: what it costs. At most 50,000. */
  readonly look: number;
}

export interface IndexSlice {
  /** Each once, in rising order. */
  readonly values: readonly string[];
  /** Where the next slice begins; absent where this one was the last. */
  readonly next?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a batch mixes kinds; `write` keeps each pair of kind and value typed
type AnyKind = RecordKind<any>;

/** One change of a batch. Make them with `write`, which checks that kind and value belong together. */
export type Write =
  /** The key must be free. */
  | { readonly op: 'insert'; readonly kind: AnyKind; readonly value: unknown }
  /** Whatever is there is replaced. */
  | { readonly op: 'put'; readonly kind: AnyKind; readonly value: unknown }
  /** The record must still be at this version; where it is told what it was, only the indexes that change are written. */
  | {
      readonly op: 'update';
      readonly kind: AnyKind;
      readonly value: unknown;
      readonly version: number;
      readonly before?: unknown;
    }
  | { readonly op: 'delete'; readonly kind: AnyKind; readonly key: string }
  /** Writes nothing: no record of the kind may have this value at this index. */
  | {
      readonly op: 'absent';
      readonly kind: AnyKind;
      readonly index: string;
      readonly value: string | number;
    };

export const write = {
  insert: <T>(kind: RecordKind<T>, value: T): Write => ({ op: 'insert', kind, value }),
  put: <T>(kind: RecordKind<T>, value: T): Write => ({ op: 'put', kind, value }),
  update: <T>(kind: RecordKind<T>, value: T, version: number): Write => ({
    op: 'update',
    kind,
    value,
    version,
  }),
  /** An update of a record as it was read, which leaves the indexes alone that stay as they were. */
  change: <T>(kind: RecordKind<T>, value: T, { value: before, version }: StoredRecord<T>): Write => ({
    op: 'update',
    kind,
    value,
    version,
    before,
  }),
  delete: <T>(kind: RecordKind<T>, key: string): Write => ({ op: 'delete', kind, key }),
  absent: <T>(kind: RecordKind<T>, index: string, value: string | number): Write => ({
    op: 'absent',
    kind,
    index,
    value,
  }),
};

/** A commit found the world changed: read again and decide again. */
export class RecordConflict extends KydaiError<'conflict'> {
  readonly kind: string;
  readonly key: string;

  constructor(kind: string, key: string) {
    super('conflict', `record \`${key}\` of kind \`${kind}\` has changed or exists already; read it again`);
    this.kind = kind;
    this.key = key;
  }
}

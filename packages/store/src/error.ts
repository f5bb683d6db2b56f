import { KydaiError } from '@kydai/contracts';

/** Everything that the store refuses or fails at, on purpose. */
export type StoreErrorCode =
  /** The store was closed, or is closing. */
  | 'closed'
  /** No room: nothing of the append was kept. Later appends succeed once there is room again. */
  | 'disk-full'
  /** The disk failed in another way: nothing of the append was kept. */
  | 'disk-failed'
  /** Another process has the folder open, or works with the database. */
  | 'locked'
  /** What is on disk is not what was written. */
  | 'damaged'
  /** The key of an encrypted event store is missing, or is another. */
  | 'key'
  /** An event that cannot be stored as it is (its time is not a time, it is too large). */
  | 'invalid-event'
  /** A record, kind or index value that cannot be stored as it is. */
  | 'invalid-record'
  /** A search text, filter, cursor, index name or limit that makes no sense or is too large. */
  | 'query'
  /** The caller's signal ended the query, or it ran longer than allowed. */
  | 'cancelled'
  /** The database that is to be filled holds records already. */
  | 'not-empty'
  /** The database server cannot be reached. */
  | 'unavailable'
  /** Too many appends or queries wait already: try again later. */
  | 'busy'
  /** The audit key is missing, or is not an Ed25519 key. */
  | 'audit-key';

/** The store's one error. `column` is set (1-based, in UTF-16 units) where the code is `query` and a text was parsed. */
export class StoreError extends KydaiError<StoreErrorCode> {
  readonly column: number | undefined;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions & { readonly column?: number }) {
    super(code, message, options);
    this.column = options?.column;
  }
}

/** Quotes user input for an error message: at most 60 characters, no line breaks or backticks. */
export function quote(input: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a log line
  const clean = input.slice(0, 60).replace(/[\u0000-\u001f\u007f`]/g, '?');
  return `\`${clean}${input.length > 60 ? '…' : ''}\``;
}

import { StoreError } from '../error.ts';

/** Where a page ended: pages are ordered by time, then id, so that what is added later moves nothing. */
export interface Position {
  readonly time: number;
  readonly id: string;
}

export function writeCursor({ time, id }: Position): string {
  return Buffer.from(JSON.stringify([time, id]), 'utf8').toString('base64url');
}

/** Reads a cursor. Throws `query` for anything that `writeCursor` did not make. */
export function readCursor(cursor: string): Position {
  try {
    const [time, id, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    if (Number.isSafeInteger(time) && typeof id === 'string' && id.length <= 1_024 && more.length === 0) {
      return { time: time as number, id };
    }
  } catch {
    // Said below.
  }
  throw new StoreError('query', 'the cursor is not one that this store gave; start from the first page');
}

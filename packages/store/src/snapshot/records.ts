import Database from 'better-sqlite3';
import { StoreError } from '../error.ts';

/**
 * Writes a consistent copy of a record store to `to`, which must not be there yet, also while another process works
 * with it: readers do not hold up its commits. Rejects with `disk-failed`.
 */
export async function snapshotRecords(file: string, to: string): Promise<void> {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true, fileMustExist: true, timeout: 30_000 });
    database.prepare('VACUUM INTO ?').run(to);
  } catch (cause) {
    throw new StoreError(
      'disk-failed',
      'the record store cannot be copied; is there room, and is it not damaged?',
      {
        cause,
      },
    );
  } finally {
    database?.close();
  }
}

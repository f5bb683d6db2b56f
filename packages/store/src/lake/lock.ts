import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from '../error.ts';

/**
 * Holds a folder for this process. The lock is the operating system's, taken by SQLite on a small file, so that it goes
 * when the process does, however it ends. Returns the function that lets go. Throws `locked`.
 */
export function lockFolder(folder: string): () => void {
  let database: Database.Database | undefined;
  try {
    database = new Database(join(folder, 'lock.db'), { timeout: 0 });
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new StoreError('locked', 'the event store is open in another process; stop that one first', {
        cause: error,
      });
    }
    throw new StoreError('disk-failed', 'the folder of the event store cannot be used; is it writable?', {
      cause: error,
    });
  }
  const held = database;
  return () => held.close();
}

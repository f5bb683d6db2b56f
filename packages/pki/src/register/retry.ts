import { RecordConflict } from '@kydai/contracts';
import { PkiError } from '../error.ts';

/**
 * Runs read, decide and commit again when the world changed in between. After `attempts` it gives up with `conflict`.
 */
export async function retryOnConflict<T>(act: () => Promise<T>, attempts = 20): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RecordConflict)) throw error;
      if (attempt >= attempts) {
        throw new PkiError('conflict', 'records kept changing while this was written; try again', {
          cause: error,
        });
      }
    }
  }
}

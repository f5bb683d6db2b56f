import { errors } from '@elastic/elasticsearch';
import { StoreError } from '../error.ts';

/** Statuses after which the same request may succeed. */
export const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Whether the request may succeed when it is sent again: the server is away, or has too much to do. */
export function isPassing(error: unknown): boolean {
  if (error instanceof StoreError) return error.code === 'unavailable' || error.code === 'busy';
  if (error instanceof errors.ResponseError)
    return passing.has(error.statusCode ?? 0) && !isFull(error.message);
  return (
    error instanceof errors.ConnectionError ||
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoLivingConnectionsError
  );
}

/** Elasticsearch stops writing to a disk that is nearly full by a block on its indices. */
export function isFull(reason: string): boolean {
  return /read-only-allow-delete|read-only \/ allow delete|flood.stage|no space left/i.test(reason);
}

/** A failure of the client or the server as a `StoreError`; one that is already ours stays as it is. */
export function elasticError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const options = { cause: error };
  if (error instanceof errors.RequestAbortedError)
    return new StoreError('cancelled', 'the query was cancelled', options);
  if (error instanceof errors.ResponseError) {
    const status = error.statusCode ?? 0;
    if (isFull(error.message))
      return new StoreError('disk-full', 'a disk of Elasticsearch is nearly full; free some space', options);
    if (/too_many_buckets/.test(error.message))
      return new StoreError(
        'query',
        'the answer has too many buckets; widen the interval or narrow the span',
        options,
      );
    if (status === 401 || status === 403)
      return new StoreError(
        'unavailable',
        'Elasticsearch refuses our key; check `events.elasticsearch`',
        options,
      );
    if (status === 429)
      return new StoreError('busy', 'Elasticsearch has too much to do; try again later', options);
    if (status === 400)
      return new StoreError(
        'query',
        'Elasticsearch refuses the query as too large, too deep or too expensive',
        options,
      );
  }
  return new StoreError(
    'unavailable',
    'Elasticsearch cannot be reached; events wait until it returns',
    options,
  );
}

import { createHash } from 'node:crypto';
import { PolicyError } from '../error.ts';

/**
 * Where a page ended, as a token: the last id that was looked at, and what was asked. INVARIANT: whoever follows the
 * tokens meets each id at most once, and every id that was there all the time exactly once, whatever else comes and
 * goes meanwhile, restarts included.
 */
export function pageToken(lastId: string, asked: unknown): string {
  return Buffer.from(JSON.stringify([markOf(asked), lastId])).toString('base64url');
}

/** The id after which a page begins. Throws a `PolicyError` (`request`) for a token of another search, or none of ours. */
export function lastIdOf(token: string, asked: unknown): string {
  let read: unknown;
  try {
    read = token.length > 32_768 ? undefined : JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {}
  if (!Array.isArray(read) || read.length !== 2 || typeof read[1] !== 'string')
    throw new PolicyError('request', 'the page token is not one of ours; start from the first page');
  if (read[0] !== markOf(asked))
    throw new PolicyError('request', 'the page token belongs to another search; ask the same, or start anew');
  return read[1];
}

/** Tells searches apart; it protects nothing. */
function markOf(asked: unknown): string {
  const text = JSON.stringify(asked, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

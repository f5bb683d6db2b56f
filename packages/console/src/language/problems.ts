import { ApiError } from '../api/client.ts';
import { capital, reasonOf } from './phrases.ts';
import { isKey, type Language, type Translate } from './translate.ts';

/** Why something failed: a sentence for the reader, and the server's own words as small print. */
export interface Explained {
  readonly text: string;
  readonly detail?: string;
}

/**
 * An error in the reader's language by its closed code; one without words here keeps the server's. With `language`, the
 * reasons of the policies that stood in the way are said too.
 */
export function explainError(error: unknown, t: Translate, language?: Language): Explained {
  if (!(error instanceof ApiError)) return { text: error instanceof Error ? error.message : String(error) };
  if (error.status === 0) return { text: t('error.network') };
  const places = error.problem?.errors?.map((one) => `${one.path}: ${one.message}`).join('; ');
  const own = error.problem?.detail ?? '';
  const detail = places ? `${own} (${places})` : own;
  const key = `problem.${error.problem?.code}`;
  const known = isKey(key) ? t(key as 'problem.busy') : error.status === 403 ? t('error.forbidden') : '';
  if (known === '') return { text: detail || error.message };
  const policies = language === undefined ? [] : (error.problem?.determining ?? []);
  const reasons = policies.flatMap((policy) => reasonOf(policy, language ?? 'vi') ?? []);
  const text = reasons.length === 0 ? known : `${known} ${capital([...new Set(reasons)].join('; '))}.`;
  return detail === '' ? { text } : { text, detail };
}

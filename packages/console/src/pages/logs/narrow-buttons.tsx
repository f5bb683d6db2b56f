import { Minus, Plus } from 'lucide-react';
import { useSettings } from '../../language/settings.tsx';

/** Two buttons beside a value: show only the events that have it, or all others. */
export function NarrowButtons({
  term,
  narrow,
}: {
  /** The condition in the search language, `user.name:root`. */
  term: string;
  narrow: (term: string, not: boolean) => void;
}) {
  const { t } = useSettings();
  return (
    <>
      <button
        type="button"
        className="icon-button"
        title={t('logs.include')}
        aria-label={`${t('logs.include')}: ${term}`}
        onClick={() => narrow(term, false)}
      >
        <Plus aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon-button"
        title={t('logs.exclude')}
        aria-label={`${t('logs.exclude')}: ${term}`}
        onClick={() => narrow(term, true)}
      >
        <Minus aria-hidden="true" />
      </button>
    </>
  );
}

import { useSettings } from '../language/settings.tsx';

/** How far long work is, in a bar and in words, and the way to call it off. */
export function ProgressLine({
  share,
  words,
  cancel,
}: {
  /** From 0 to 1; undefined while nobody knows. */
  share: number | undefined;
  words: string;
  cancel: () => void;
}) {
  const { t } = useSettings();
  return (
    <div className="progress-line">
      <progress max={1} value={share} aria-label={words} />
      <span className="figures hint" role="status">
        {words}
      </span>
      <button type="button" className="button" onClick={cancel}>
        {t('hunts.cancel')}
      </button>
    </div>
  );
}

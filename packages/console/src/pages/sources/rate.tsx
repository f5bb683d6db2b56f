import type { SourceRate } from '@kydai/contracts';
import { useSettings } from '../../language/settings.tsx';
import { Spark } from '../../parts/spark.tsx';

/** How fast a source sends, beside how fast it usually does. */
export function Rate({ rate: { observed, expected, history } }: { rate: SourceRate }) {
  const { t, format } = useSettings();
  const round = (value: number) =>
    format.compact(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
  return (
    <div className="rate">
      {history.length === 0 ? null : (
        <Spark
          values={history}
          usual={expected}
          label={t('sources.spark', { n: history.length, max: round(Math.max(...history)) })}
        />
      )}
      <p className="hint figures">
        {expected === null
          ? t('sources.rateLearning', { now: round(observed) })
          : t('sources.rate', { now: round(observed), usual: round(expected) })}
      </p>
    </div>
  );
}

import { useSettings } from '../../language/settings.tsx';

const spans = [1, 24, 168, 720] as const;

/** Over how many hours of decisions to look back. */
export function SpanField({ value, change }: { value: string; change: (hours: string) => void }) {
  const { t } = useSettings();
  return (
    <label className="field">
      <span>{t('try.span')}</span>
      <select value={value} onChange={({ currentTarget }) => change(currentTarget.value)}>
        {spans.map((one) => (
          <option key={one} value={one}>
            {t(`try.span.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

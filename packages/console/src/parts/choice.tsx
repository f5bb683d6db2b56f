import { useSettings } from '../language/settings.tsx';

/** One of many, or all of them. */
export function Choice({
  label,
  all,
  value,
  choices,
  choose,
}: {
  label: string;
  all: string;
  value: string;
  choices: readonly (readonly [string, string])[];
  choose: (value: string) => void;
}) {
  return (
    <select aria-label={label} value={value} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{all}</option>
      {choices.map(([id, text]) => (
        <option key={id} value={id}>
          {text}
        </option>
      ))}
    </select>
  );
}

export const leastLevels = ['', 'low', 'medium', 'high', 'critical'] as const;

/** From which severity on. */
export function LevelChoice({ value, choose }: { value: string; choose: (level: string) => void }) {
  const { t } = useSettings();
  return (
    <Choice
      label={t('rules.level')}
      all={t('detections.everyLevel')}
      value={value}
      choose={choose}
      choices={leastLevels.flatMap((one) =>
        one === '' ? [] : [[one, t('detections.fromLevel', { level: t(`level.${one}`) })] as const],
      )}
    />
  );
}

export const drills = ['', 'false', 'true'] as const;

/** With drills, without them, or drills alone. */
export function DrillChoice({ value, choose }: { value: string; choose: (drill: string) => void }) {
  const { t } = useSettings();
  return (
    <Choice
      label={t('common.drill')}
      all={t('detections.drill.all')}
      value={value}
      choose={choose}
      choices={[
        ['false', t('detections.drill.false')],
        ['true', t('detections.drill.true')],
      ]}
    />
  );
}

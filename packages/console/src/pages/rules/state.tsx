import type { RuleView } from '@kydai/contracts';
import { useSettings } from '../../language/settings.tsx';

/** Whether it reports, and whether it is limited more than the others. */
export function RuleState({ rule }: { rule: Pick<RuleView, 'enabled' | 'throttle'> }) {
  const { t } = useSettings();
  return (
    <span className="inline">
      <span className="mark" data-rule={rule.enabled ? 'on' : 'off'}>
        {t(rule.enabled ? 'rules.on' : 'rules.off')}
      </span>
      {rule.throttle === null ? null : (
        <span className="mark" data-rule="limited">
          {t('rules.limited')}
        </span>
      )}
    </span>
  );
}

/** How many cases a rule has, and whether they hold. */
export function CasesMark({ tests }: { tests: RuleView['tests'] }) {
  const { t } = useSettings();
  if (tests === null) return <span className="hint">{t('rules.testsNone')}</span>;
  return (
    <span className={tests.passed ? 'figures' : 'figures bad'}>
      {t('rules.tests', { firing: tests.firing, quiet: tests.quiet })}
      {tests.passed ? null : <strong> · {t('rules.testsFailed')}</strong>}
    </span>
  );
}

import type { PolicyConditionView, PolicyView } from '@kydai/contracts';
import { useSettings } from '../../language/settings.tsx';

/** Whether some case makes the policy apply, and another spares it. */
export function isCovered({ coverage }: PolicyView): boolean {
  if (coverage === undefined || coverage.fired === 0) return false;
  return (coverage.spared > 0 || coverage.conditions.length === 0) && coverage.conditions.every(isTried);
}

/** Type tests of heads: the schema often leaves no other type, so they cannot be false. */
function isTried({ condition, held, heldNot }: PolicyConditionView): boolean {
  return held > 0 && (heldNot > 0 || /^(?:principal|resource) is [\w:]+$/.test(condition));
}

/** What the cases showed of a policy, in a word. */
export function CoverageMark({ policy }: { policy: PolicyView }) {
  const { t } = useSettings();
  if (policy.coverage === undefined) return <span className="hint">{t('policies.noCases')}</span>;
  const state = isCovered(policy) ? 'whole' : policy.coverage.fired > 0 ? 'partly' : 'none';
  return (
    <span className="mark" data-coverage={state}>
      {t(`policies.coverage.${state}`)}
    </span>
  );
}

/** How often each condition was true and false. */
export function Conditions({ policy: { coverage } }: { policy: PolicyView }) {
  const { t, format } = useSettings();
  if (coverage === undefined || coverage.conditions.length === 0) return null;
  return (
    <table className="conditions">
      <caption className="visually-hidden">{t('policies.conditions')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('policies.condition')}</th>
          <th scope="col" className="figure">
            {t('policies.held')}
          </th>
          <th scope="col" className="figure">
            {t('policies.heldNot')}
          </th>
        </tr>
      </thead>
      <tbody>
        {coverage.conditions.map((one) => (
          <tr key={`${one.line} ${one.condition}`} data-tried={isTried(one)}>
            <td className="mono">{one.condition}</td>
            <td className="figure">{format.number(one.held)}</td>
            <td className="figure">{format.number(one.heldNot)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

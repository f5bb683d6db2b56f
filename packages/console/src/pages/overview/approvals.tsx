import type { Overview } from '@kydai/contracts';
import { Link } from 'wouter';
import { useSettings } from '../../language/settings.tsx';
import { DrillMark, Severity } from '../../parts/marks.tsx';
import { useNow } from '../../parts/now.ts';

/** Steps that stand still until a person decides; nothing on the overview comes before them. */
export function Approvals({ approvals }: { approvals: Overview['approvals'] }) {
  const { t, format, language } = useSettings();
  const now = useNow('second');
  return (
    <section className="approvals" aria-label={t('overview.approvals')}>
      <h2>{t('overview.approvalsCount', { n: approvals.length })}</h2>
      <ul>
        {approvals.map((approval) => (
          <li key={`${approval.runId} ${approval.stepId}`}>
            <div>
              <Link className="row-link approval-step" href={`/incidents/${approval.incidentId}#run`}>
                {language === 'vi' && approval.stepNameVi ? approval.stepNameVi : approval.stepName}
              </Link>
              <p className="approval-about">
                <span className="mono">{approval.incidentNumber}</span> {approval.incidentTitle}
              </p>
              <p className="hint">{approval.reason}</p>
            </div>
            <div className="approval-side">
              <Severity level={approval.severity} />
              {approval.drill ? <DrillMark /> : null}
              <span className="approval-wait figures">
                {t('overview.waitingSince', { time: format.duration(now - approval.since) })}
              </span>
              <span className="approval-go" aria-hidden="true">
                {t('overview.decide')}
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

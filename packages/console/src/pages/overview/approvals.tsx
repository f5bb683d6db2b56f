import type { Overview } from '@kydai/contracts';
import { Link } from 'wouter';
import { approvalNamesOf, commandOf } from '../../language/named.ts';
import { say } from '../../language/phrases.ts';
import { useSettings } from '../../language/settings.tsx';
import { DrillMark, Severity } from '../../parts/marks.tsx';
import { useNow } from '../../parts/now.ts';
import { GroupCard } from '../approvals/group-card.tsx';
import { groupsOf } from '../approvals/groups.ts';
import { Progress } from '../approvals/waiting.tsx';

/** From so many on, steps that ask the same are shown as one question. */
const together = 3;

/** Steps that stand still until a person decides; nothing on the overview comes before them. */
export function Approvals({ approvals }: { approvals: Overview['approvals'] }) {
  const { t, format, language } = useSettings();
  const now = useNow('second');
  const all = groupsOf(approvals);
  const groups = all.filter(({ members }) => members.length >= together);
  const single = all.filter(({ members }) => members.length < together).flatMap(({ members }) => members);
  return (
    <section className="approvals" aria-label={t('overview.approvals')}>
      <h2>{t('overview.approvalsCount', { n: approvals.length })}</h2>
      <ul>
        {groups.map((group) => (
          <li key={group.key}>
            <GroupCard group={group} />
          </li>
        ))}
        {single.map((approval) => {
          const names = approvalNamesOf(approval, language);
          const line = language === 'vi' ? approval.reason : (approval.reasonEn ?? approval.reason);
          const command = commandOf(approval, language);
          return (
            <li key={`${approval.runId} ${approval.stepId}`}>
              <div>
                <Link className="row-link approval-step" href={`/incidents/${approval.incidentId}#run`}>
                  {names.step}
                </Link>
                <p className="approval-about">
                  <span className="mono">{approval.incidentNumber}</span> {names.incident}
                </p>
                {command === undefined ? null : <p className="approval-command">{command}</p>}
                {approval.task === true && command !== undefined ? null : (
                  <p className="hint">{say(approval.reasonPhrases, line, language)}</p>
                )}
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
          );
        })}
      </ul>
      <Progress />
    </section>
  );
}

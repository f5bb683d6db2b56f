import { Hand } from 'lucide-react';
import { useState } from 'react';
import { createPortal } from 'react-dom';
import { useMay } from '../../api/session.tsx';
import { approvalNamesOf, commandOf } from '../../language/named.ts';
import { say } from '../../language/phrases.ts';
import { useSettings } from '../../language/settings.tsx';
import { DrillMark, Severity } from '../../parts/marks.tsx';
import { useNow } from '../../parts/now.ts';
import { DecideDialog } from './decide-dialog.tsx';
import { type ApprovalGroup, targetsOf } from './groups.ts';

const named = 4;

/** Many steps that ask the same question, as the one question that it is. */
export function GroupCard({ group }: { group: ApprovalGroup }) {
  const { t, format, language } = useSettings();
  const may = useMay();
  const now = useNow('second');
  const [asking, setAsking] = useState(false);
  const { members } = group;
  const first = members[0]!;
  const names = approvalNamesOf(first, language);
  const targets = targetsOf(members);
  const incidents = new Set(members.map(({ incidentId }) => incidentId)).size;
  const line = language === 'vi' ? first.reason : (first.reasonEn ?? first.reason);
  const command = first.task === true ? commandOf(first, language) : undefined;
  return (
    <>
      <div>
        <p className="approval-step group-title">
          <Hand aria-hidden="true" />
          {t('group.title', { step: names.step, n: format.number(members.length) })}
        </p>
        <p className="approval-about group-targets">
          {targets.slice(0, named).map((id) => (
            <span key={id} className="mono">
              {id}
            </span>
          ))}
          {targets.length > named ? (
            <span>{t('group.more', { n: format.number(targets.length - named) })}</span>
          ) : null}
        </p>
        {command === undefined ? null : <p className="approval-command">{command}</p>}
        <p className="hint">{say(first.reasonPhrases, line, language)}</p>
        <p className="hint">{t('group.incidents', { n: format.number(incidents) })}</p>
      </div>
      <div className="approval-side">
        <Severity level={first.severity} />
        {first.drill ? <DrillMark /> : null}
        <span className="approval-wait figures">
          {t('overview.waitingSince', { time: format.duration(now - first.since) })}
        </span>
        {may('approve-step') ? (
          <button type="button" className="button primary" onClick={() => setAsking(true)}>
            {t('group.decide')}
          </button>
        ) : (
          <span className="hint">{t('approval.noPermission')}</span>
        )}
      </div>
      {asking
        ? createPortal(<DecideDialog members={members} close={() => setAsking(false)} />, document.body)
        : null}
    </>
  );
}

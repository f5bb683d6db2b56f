import type { GroupDecisionView } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { OctagonX } from 'lucide-react';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { approvalsQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { GroupCard } from './group-card.tsx';
import { groupsOf } from './groups.ts';

/** On the list of incidents: the questions that many of them ask, and how far answers to them have come. */
export function WaitingGroups() {
  const { t, format } = useSettings();
  const { data } = useQuery(approvalsQuery());
  const groups = groupsOf(data?.waiting ?? []).filter(({ members }) => members.length > 1);
  if (groups.length === 0) return <Progress />;
  return (
    <>
      <section className="approvals on-list" aria-label={t('overview.approvals')}>
        <h2>{t('group.heading', { n: format.number(groups.length) })}</h2>
        <ul>
          {groups.map((group) => (
            <li key={group.key}>
              <GroupCard group={group} />
            </li>
          ))}
        </ul>
      </section>
      <Progress />
    </>
  );
}

/** Answers to many steps that are under way, each with the way to stop it. */
export function Progress() {
  const { data } = useQuery(approvalsQuery());
  const under = (data?.decisions ?? []).filter(({ ended }) => ended === undefined);
  if (under.length === 0) return null;
  return (
    <ul className="group-progress">
      {under.map((decision) => (
        <Under key={decision.id} decision={decision} />
      ))}
    </ul>
  );
}

function Under({ decision }: { decision: GroupDecisionView }) {
  const { t, format } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const reached = decision.answered + decision.gone + decision.failed;
  const stop = async () => {
    await post(paths.stopDecision(decision.id));
    await client.invalidateQueries({ queryKey: ['overview'] });
  };
  return (
    <li role="status">
      <progress max={decision.total} value={reached} />
      <span className="figures">
        {t(decision.approved ? 'group.approving' : 'group.refusing', {
          n: format.number(reached),
          total: format.number(decision.total),
          who: decision.by.replace(/^user:/, ''),
        })}
      </span>
      {decision.stopped !== undefined ? (
        <span className="hint">{t('group.stopped')}</span>
      ) : may('approve-step') ? (
        <button type="button" className="button danger" onClick={() => void stop()}>
          <OctagonX aria-hidden="true" />
          {t('group.stop')}
        </button>
      ) : null}
    </li>
  );
}

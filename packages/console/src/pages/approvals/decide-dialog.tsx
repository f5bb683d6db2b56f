import type { GroupDecisionView, WaitingApproval } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { approvalsQuery } from '../../api/queries.ts';
import { approvalNamesOf } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { CommentField, ConfirmDialog, fieldText } from '../../parts/dialog.tsx';
import { keyOf } from './groups.ts';

const most = 1000;

/**
 * One answer for many steps, with exceptions. What is listed is what was there when it opened: nothing that began to
 * wait since is answered unseen.
 */
export function DecideDialog({
  members: given,
  close,
}: {
  members: readonly WaitingApproval[];
  close: () => void;
}) {
  const { t, format, language } = useSettings();
  const client = useQueryClient();
  const [members] = useState(() => given.slice(0, most));
  const [spared, setSpared] = useState<ReadonlySet<string>>(new Set());
  const pace = useQuery(approvalsQuery()).data?.perMinute;
  const chosen = members.filter((one) => !spared.has(keyOf(one)));
  const task = members[0]!.task === true;
  const toggle = (key: string) => {
    const next = new Set(spared);
    if (!next.delete(key)) next.add(key);
    setSpared(next);
  };
  return (
    <ConfirmDialog
      title={t('group.title', {
        step: approvalNamesOf(members[0]!, language).step,
        n: format.number(members.length),
      })}
      explanation={t(task ? 'group.explainTask' : 'group.explain', { n: format.number(pace ?? 60) })}
      confirm={t(task ? 'group.done' : 'group.approve', { n: format.number(chosen.length) })}
      other={{
        value: 'refuse',
        label: t('group.refuse', { n: format.number(chosen.length) }),
        tone: 'danger',
      }}
      disabled={chosen.length === 0}
      close={close}
      className="wide"
      act={async (form, answer) => {
        await post<GroupDecisionView>(paths.approvals, {
          members: chosen.map(({ runId, stepId }) => ({ runId, stepId })),
          approved: answer !== 'refuse',
          comment: fieldText(form, 'comment'),
        });
        await Promise.all(
          ['overview', 'incident', 'incidents'].map((subject) =>
            client.invalidateQueries({ queryKey: [subject] }),
          ),
        );
      }}
    >
      <fieldset className="group-members">
        <legend>
          {t('group.chosen', { n: format.number(chosen.length), total: format.number(members.length) })}
        </legend>
        <label className="check">
          <input
            type="checkbox"
            checked={spared.size === 0}
            onChange={() => setSpared(spared.size === 0 ? new Set(members.map(keyOf)) : new Set())}
          />
          <strong>{t('group.all')}</strong>
        </label>
        <ul>
          {members.map((one) => {
            const key = keyOf(one);
            return (
              <li key={key}>
                <label className="check">
                  <input type="checkbox" checked={!spared.has(key)} onChange={() => toggle(key)} />
                  <span className="mono">
                    {(one.targets ?? []).map(({ id }) => id).join(', ') || one.incidentNumber}
                  </span>
                  <span className="hint">{one.incidentNumber}</span>
                </label>
              </li>
            );
          })}
        </ul>
      </fieldset>
      <CommentField />
    </ConfirmDialog>
  );
}

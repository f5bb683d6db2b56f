import type { GroupDecisionView, WaitingApproval } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { post } from '../../api/client.ts';
import { approvalsQuery, paths } from '../../api/queries.ts';
import { approvalNamesOf } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { CommentField, Dialog, fieldText } from '../../parts/dialog.tsx';
import { Why } from '../../parts/frame.tsx';
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
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const pace = useQuery(approvalsQuery()).data?.perMinute;
  const chosen = members.filter((one) => !spared.has(keyOf(one)));
  const task = members[0]!.task === true;
  const toggle = (key: string) => {
    const next = new Set(spared);
    if (!next.delete(key)) next.add(key);
    setSpared(next);
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const submitter = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement;
    setBusy(true);
    setError(undefined);
    try {
      await post<GroupDecisionView>(paths.approvals, {
        members: chosen.map(({ runId, stepId }) => ({ runId, stepId })),
        approved: submitter.value === 'yes',
        comment: fieldText(form, 'comment'),
      });
      await Promise.all(
        ['overview', 'incident', 'incidents'].map((subject) =>
          client.invalidateQueries({ queryKey: [subject] }),
        ),
      );
      close();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('group.title', {
        step: approvalNamesOf(members[0]!, language).step,
        n: format.number(members.length),
      })}
      close={close}
      className="wide"
    >
      <form className="form" onSubmit={(event) => void submit(event)}>
        <p>{t(task ? 'group.explainTask' : 'group.explain', { n: format.number(pace ?? 60) })}</p>
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
        {error ? (
          <p className="form-error" role="alert">
            <Why error={error} />
          </p>
        ) : null}
        <footer className="dialog-foot">
          <button type="button" className="button" onClick={close} disabled={busy}>
            {t('common.cancel')}
          </button>
          <button
            type="submit"
            className="button danger"
            name="answer"
            value="no"
            disabled={busy || chosen.length === 0}
          >
            {t('group.refuse', { n: format.number(chosen.length) })}
          </button>
          <button
            type="submit"
            className="button primary"
            name="answer"
            value="yes"
            disabled={busy || chosen.length === 0}
          >
            {t(task ? 'group.done' : 'group.approve', { n: format.number(chosen.length) })}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

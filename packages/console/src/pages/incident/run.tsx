import type { PlaybookRun, RunStep } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Ban,
  Check,
  CircleDashed,
  Hand,
  Layers,
  LoaderCircle,
  type LucideIcon,
  SkipForward,
  X,
} from 'lucide-react';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { overviewQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.tsx';
import { commandOf, playbookNameOf, stepNameOf } from '../../language/named.ts';
import { say, sayEach } from '../../language/phrases.ts';
import { useSettings } from '../../language/settings.tsx';
import { isKey } from '../../language/translate.ts';
import { CommentField, ConfirmDialog, fieldText } from '../../parts/dialog.tsx';
import { Panel } from '../../parts/frame.tsx';
import { DrillMark } from '../../parts/marks.tsx';
import { useNow } from '../../parts/now.ts';
import { When } from '../../parts/when.tsx';
import { DecideDialog } from '../approvals/decide-dialog.tsx';
import { sayContainment } from './tell.ts';

const icons: Readonly<Record<RunStep['state'], LucideIcon>> = {
  pending: CircleDashed,
  running: LoaderCircle,
  'waiting-approval': Hand,
  done: Check,
  failed: X,
  skipped: SkipForward,
  refused: Ban,
};

/** Joints of the workflow (start, end, parallel) say nothing to a reader, unless one of them went wrong. */
function isShown(step: RunStep): boolean {
  return (
    !['start', 'end', 'parallel'].includes(step.type) || !['done', 'pending', 'running'].includes(step.state)
  );
}

/** A playbook as it runs: every step with its state, what it did, the proof, and the question where it waits. */
export function Run({ run }: { run: PlaybookRun }) {
  const { t, format, language } = useSettings();
  const now = useNow('second');
  const steps = run.steps.filter(isShown);
  const settled = steps.filter(
    (step) => !['pending', 'running', 'waiting-approval'].includes(step.state),
  ).length;
  const length = (run.ended ?? now) - run.started;
  return (
    <Panel
      title={playbookNameOf(run, language)}
      className="run"
      hint={
        <>
          <span className="mark" data-run={run.state}>
            {t(`run.${run.state}`)}
          </span>{' '}
          {run.drill ? <DrillMark /> : null}{' '}
          <span className="figures">
            {t('run.progress', { done: settled, total: steps.length })} ·{' '}
            {t('run.took', { duration: format.duration(length) })}
          </span>
        </>
      }
    >
      <ol className="steps" aria-live="polite">
        {steps.map((step) => (
          <Step key={step.id} run={run} step={step} />
        ))}
      </ol>
    </Panel>
  );
}

function Step({ run, step }: { run: PlaybookRun; step: RunStep }) {
  const { t, format, language } = useSettings();
  const Icon = icons[step.state];
  const type = `step.type.${step.type}`;
  return (
    <li className="step" data-state={step.state}>
      <span className="step-icon">
        <Icon aria-hidden="true" />
      </span>
      <div className="step-body">
        <p className="step-name">
          <strong>{stepNameOf(step, language)}</strong>
          <span className="step-state">{t(`step.${step.state}`)}</span>
          {step.started !== undefined && step.ended !== undefined ? (
            <span
              className="hint figures"
              title={`${format.clock(step.started, true)} – ${format.clock(step.ended, true)}`}
            >
              {format.duration(step.ended - step.started)}
            </span>
          ) : null}
          <span className="step-type">{isKey(type) ? t(type as 'step.type.action') : step.type}</span>
        </p>
        <Told step={step} />
        {step.evidence.length > 0 ? (
          <ul className="step-evidence" aria-label={t('step.evidence')}>
            {sayEach(step.evidencePhrases, step.evidence, language).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        ) : null}
        {step.approval ? (
          <p className="step-approval">
            {t(answer(step, step.approval.approved), {
              who: step.approval.by.replace(/^user:/, ''),
              time: format.exact(step.approval.at),
            })}
            {step.approval.comment ? <q>{step.approval.comment}</q> : null}
          </p>
        ) : null}
        {step.state === 'waiting-approval' ? <Question run={run} step={step} /> : null}
      </div>
      {step.started === undefined ? null : <When at={step.started} />}
    </li>
  );
}

/** Codes that say no more than the answer of the person, which has a line of its own. */
const answers = new Set(['outcome.approved-by', 'outcome.refused-by', 'outcome.done-by']);

/** What the step did, why it waits, and what there is to do where a person has to or had to do it. */
function Told({ step }: { step: RunStep }) {
  const { t, language } = useSettings();
  const codes = new Set(step.outcomePhrases?.map(({ code }) => code));
  const waits = step.state === 'waiting-approval';
  const task = codes.has('reason.task') || codes.has('outcome.done-by');
  const command = commandOf(step, language);
  const shown = command !== undefined && (waits || task || ['failed', 'refused'].includes(step.state));
  const label = waits ? (task ? 'step.todo' : 'step.onApproval') : task ? 'step.wasDone' : 'step.notDone';
  const repeats = step.approval !== undefined && [...codes].some((code) => answers.has(code));
  const outcome =
    repeats || (task && waits && shown)
      ? undefined
      : say(step.outcomePhrases, step.outcome && sayContainment(step.outcome, language), language);
  return (
    <>
      {shown ? (
        <p className="step-command">
          <span className="hint">{t(label)}:</span> {command}
        </p>
      ) : null}
      {outcome ? (
        <p className="step-outcome">
          {waits && !task ? <span className="hint">{t('approval.why')}: </span> : null}
          {outcome}
        </p>
      ) : null}
    </>
  );
}

/** The words for who answered a step, and how. */
function answer(step: RunStep, approved: boolean) {
  if (!approved) return 'approval.refusedBy';
  const done = step.outcomePhrases?.some(({ code }) => code === 'outcome.done-by');
  return done ? 'approval.doneBy' : 'approval.approvedBy';
}

function Question({ run, step }: { run: PlaybookRun; step: RunStep }) {
  const { t, format, language } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const overview = useQuery(overviewQuery());
  const [asking, setAsking] = useState<'yes' | 'no' | 'together'>();
  const waiting = overview.data?.approvals.find((one) => one.runId === run.id && one.stepId === step.id);
  const alike = overview.data?.approvals.filter(
    ({ group }) => group !== undefined && group === waiting?.group,
  );
  const name = stepNameOf(step, language);
  const yes = waiting?.task ? 'approval.done' : 'approval.approve';
  const no = waiting?.task ? 'approval.cannot' : 'approval.refuse';
  if (!may('approve-step')) return <p className="hint">{t('approval.noPermission')}</p>;
  return (
    <div className="question no-print">
      <button type="button" className="button primary" onClick={() => setAsking('yes')}>
        <Check aria-hidden="true" />
        {t(yes)}
      </button>
      <button type="button" className="button" onClick={() => setAsking('no')}>
        <Ban aria-hidden="true" />
        {t(no)}
      </button>
      {alike !== undefined && alike.length > 1 ? (
        <button type="button" className="button" onClick={() => setAsking('together')}>
          <Layers aria-hidden="true" />
          {t('group.alike', { n: format.number(alike.length) })}
        </button>
      ) : null}
      {asking === 'together' && alike !== undefined && alike.length > 0 ? (
        <DecideDialog members={alike} close={() => setAsking(undefined)} />
      ) : null}
      {asking === 'yes' || asking === 'no' ? (
        <ConfirmDialog
          title={
            asking === 'no'
              ? t('approval.refuseTitle', { step: name })
              : t(waiting?.task ? 'approval.doneTitle' : 'approval.approveTitle', { step: name })
          }
          explanation={t(
            asking === 'no'
              ? 'approval.refuseExplain'
              : waiting?.task
                ? 'approval.doneExplain'
                : 'approval.approveExplain',
          )}
          confirm={t(asking === 'no' ? no : yes)}
          tone={asking === 'no' ? 'danger' : 'plain'}
          close={() => setAsking(undefined)}
          act={async (form) => {
            const body = { stepId: step.id, approved: asking === 'yes', comment: fieldText(form, 'comment') };
            await post(paths.approval(run.id), body);
            await client.invalidateQueries({ queryKey: ['incident', run.incidentId] });
            await client.invalidateQueries({ queryKey: ['overview'] });
          }}
        >
          <CommentField />
        </ConfirmDialog>
      ) : null}
    </div>
  );
}

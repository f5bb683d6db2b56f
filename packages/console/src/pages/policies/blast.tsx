import type { BlastView, PoliciesView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { blastQuery, policyFilesQuery, replayQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Loaded, Panel, Skeleton } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { BlastForm, readAsked } from './blast-form.tsx';
import { withoutPolicy } from './candidate.ts';
import { Grants } from './grants.tsx';
import type { Question } from './happenings.ts';
import { Outcome } from './outcome.tsx';

/** What a change would take and give, before anybody makes it. The address holds the question. */
export function Blast({ set }: { set: PoliciesView }) {
  const { t } = useSettings();
  const listing = useListing();
  const asked = readAsked(listing);
  const { question } = asked;
  return (
    <>
      <Panel title={t('blast.title')} hint={t('blast.lead')}>
        <BlastForm
          key={`${asked.subject} ${asked.id} ${asked.happening} ${asked.value}`}
          asked={asked}
          policies={set.items}
          ask={(next) => listing.filter(next)}
        />
      </Panel>
      <div aria-live="polite" className="stack">
        {question === undefined ? null : 'policy' in question ? (
          <Without question={question} set={set} />
        ) : (
          <Flips question={question} />
        )}
      </div>
    </>
  );
}

function Flips({ question }: { question: Extract<Question, { entity: unknown }> }) {
  return (
    <Loaded query={useQuery(blastQuery(question))} skeleton={<Skeleton lines={4} />}>
      {(view) => <Radius view={view} />}
    </Loaded>
  );
}

function Radius({ view }: { view: BlastView }) {
  const { t, format } = useSettings();
  const figures = [
    ['blast.figure.loses', view.loses.length, view.loses.length > 0 ? 'bad' : undefined],
    ['blast.figure.gains', view.gains.length, view.gains.length > 0 ? 'held' : undefined],
    ['blast.figure.entities', view.entities, undefined],
  ] as const;
  const none = view.loses.length + view.gains.length === 0;
  return (
    <>
      <dl className="facts figures">
        {figures.map(([label, count, tone]) => (
          <div key={label}>
            <dt>{t(label)}</dt>
            <dd className={`figure-large ${tone ?? ''}`}>{format.number(count)}</dd>
          </div>
        ))}
        <div>
          <dt>{t('blast.whole')}</dt>
          <dd>{t(view.complete ? 'blast.all' : 'blast.some')}</dd>
        </div>
      </dl>
      {none ? <p className="notice good">{t('blast.none')}</p> : null}
      <Grants way="loses" grants={view.loses} />
      <Grants way="gains" grants={view.gains} />
    </>
  );
}

/** A policy is left out of the set, and what was decided is decided again. */
function Without({
  question: { policy, hours },
  set,
}: {
  question: Extract<Question, { policy: string }>;
  set: PoliciesView;
}) {
  const { t } = useSettings();
  const files = useQuery(policyFilesQuery());
  const known = set.items.find(({ id }) => id === policy);
  if (known === undefined) return <p className="notice warn">{t('blast.noPolicy', { policy })}</p>;
  return (
    <Loaded query={files} skeleton={<Skeleton lines={4} />}>
      {(all) => <Replayed candidate={withoutPolicy(all, known)} hours={hours} />}
    </Loaded>
  );
}

function Replayed({ candidate, hours }: { candidate: object; hours: number }) {
  const query = useQuery(replayQuery({ ...candidate, hours }));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={4} />}>
      {(result) => <Outcome result={result} />}
    </Loaded>
  );
}

import type { DecisionView, ExplainedFact, ExplanationView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Check, HelpCircle, TriangleAlert, X } from 'lucide-react';
import { Link } from 'wouter';
import { explanationQuery } from '../../api/queries.ts';
import { reasonOf } from '../../language/phrases.ts';
import { useSettings } from '../../language/settings.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Loaded } from '../../parts/frame.tsx';
import { uidOf } from '../../parts/uid.tsx';
import { When } from '../../parts/when.tsx';

/** Why a decision is as it is, by the facts of now, and the smallest changes that would turn it. */
export function Explanation({ decision, close }: { decision: DecisionView; close: () => void }) {
  const { t } = useSettings();
  const { principal, action, resource, context } = decision;
  const query = useQuery(
    explanationQuery({
      principal: uidOf(principal),
      action,
      resource: uidOf(resource),
      ...(context && { context }),
    }),
  );
  return (
    <Dialog title={t('explain.title')} close={close} className="wide">
      <p className="asked">
        <span className="mono strong">{uidOf(principal).id}</span>
        <span className="mono">{action}</span>
        <span className="mono strong">{uidOf(resource).id}</span>
        <span className="hint">
          <When at={decision.at} />
        </span>
      </p>
      <Loaded query={query}>
        {(explanation) => <Body explanation={explanation} outcome={decision.outcome} />}
      </Loaded>
    </Dialog>
  );
}

function Body({ explanation, outcome }: { explanation: ExplanationView; outcome: DecisionView['outcome'] }) {
  const { t, language } = useSettings();
  const now = explanation.decision.outcome;
  return (
    <div className="stack explanation">
      {now === outcome ? null : (
        <p className="hint">
          {t('explain.changed', { outcome: t(`explain.outcome.${now}`).toLocaleLowerCase(language) })}
        </p>
      )}
      <p className="verdict" data-decision={now}>
        {t(`explain.why.${now}`)}
      </p>
      {explanation.determining.map((policy) => (
        <section key={policy.id} className="deciding">
          <h3>
            <span className="mark" data-effect={policy.effect}>
              {t(`policies.effect.${policy.effect}`)}
            </span>
            <Link
              className="mono"
              href={`/policies?q=${encodeURIComponent(policy.id)}&open=${encodeURIComponent(policy.id)}`}
            >
              {policy.id}
            </Link>
            <span className="hint mono">
              {policy.place.file}:{policy.place.line}
            </span>
          </h3>
          <p>{reasonOf(policy, language)}</p>
          <ul className="atoms">
            {policy.conditions.map(({ condition, value, facts }) => (
              <li key={condition} data-value={String(value)}>
                <Sign value={value} />
                <span>
                  <code>{condition}</code>
                  <Facts facts={facts} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {explanation.decision.allowed ? null : <Remedies remedies={explanation.remedies} />}
    </div>
  );
}

function Sign({ value }: { value: boolean | 'failed' | 'stale' }) {
  const { t } = useSettings();
  const label = t(`explain.value.${String(value) as 'true' | 'false' | 'failed' | 'stale'}`);
  const Icon = value === true ? Check : value === false ? X : value === 'stale' ? TriangleAlert : HelpCircle;
  return <Icon role="img" aria-label={label} />;
}

/** What would have to be otherwise, the fewest things first. */
function Remedies({ remedies }: Pick<ExplanationView, 'remedies'>) {
  const { t } = useSettings();
  return (
    <section className="remedies">
      <h3>{t('explain.remedies')}</h3>
      {remedies.length === 0 ? <p className="hint">{t('explain.noRemedy')}</p> : null}
      <ol>
        {remedies.map((changes) => (
          <li key={changes.map(({ condition, must }) => `${condition} ${must}`).join()}>
            <ul className="atoms">
              {changes.map(({ condition, must, facts }) => (
                <li key={condition} data-value={String(must)}>
                  <Sign value={must} />
                  <span>
                    <code>{condition}</code> {t(must ? 'explain.mustBeTrue' : 'explain.mustBeFalse')}
                    <Facts facts={facts} />
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Facts({ facts }: { facts: readonly ExplainedFact[] }) {
  const { t } = useSettings();
  // Of what is not known the innermost says enough.
  const said = facts.filter(
    ({ name, value }) => value !== undefined || !facts.some((other) => other.name.startsWith(`${name}.`)),
  );
  if (said.length === 0) return null;
  return (
    <span className="under">
      {said.map(({ name, value, source, until, stale }) => (
        <span key={name} className={stale ? 'fact bad' : 'fact'}>
          <code>{name}</code> {value === undefined ? t('explain.absent') : `= ${shown(value)}`}
          {source === undefined ? null : ` · ${source}`}
          {until === undefined || !stale ? null : (
            <>
              {' '}
              · {t('explain.staleSince')} <When at={until} />
            </>
          )}
        </span>
      ))}
    </span>
  );
}

/** A Cedar value as people write it. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const { __entity: entity, __extn: extension } = value as {
      __entity?: { type: string; id: string };
      __extn?: { arg: string };
    };
    if (entity !== undefined) return `${entity.type}::${JSON.stringify(entity.id)}`;
    if (extension !== undefined) return extension.arg;
  }
  return JSON.stringify(value);
}

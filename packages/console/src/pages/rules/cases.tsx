import type { RuleDetailView } from '@kydai/contracts';
import { CircleCheck, CircleX } from 'lucide-react';
import { useSettings } from '../../language/settings.tsx';
import { Visible } from '../../parts/visible.tsx';

/** The cases in a rule's own file, with their events: those on which it must fire, and those on which it must not. */
export function Cases({ cases }: { cases: RuleDetailView['cases'] }) {
  const { t } = useSettings();
  if (cases.length === 0) return <p className="hint padded">{t('rule.casesNone')}</p>;
  return (
    <ul className="cases">
      {cases.map((one) => {
        const Icon = one.passed ? CircleCheck : CircleX;
        return (
          <li key={one.name}>
            <details>
              <summary>
                <Icon className={one.passed ? 'good' : 'bad'} aria-hidden="true" />
                <span className="case-name">{one.name}</span>
                <span className="mark" data-case={one.fires ? 'fires' : 'quiet'}>
                  {t(one.fires ? 'rule.caseFires' : 'rule.caseQuiet')}
                </span>
                <span className="hint">
                  {one.passed ? t('rule.passed') : t('rule.failed', { n: one.fired })}
                </span>
              </summary>
              <section className="case-events" aria-label={t('rule.events')}>
                {one.events.map((event, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the events of one case never move
                  <CaseEvent key={index} event={event as GivenEvent} />
                ))}
              </section>
            </details>
          </li>
        );
      })}
    </ul>
  );
}

interface GivenEvent {
  readonly dataset: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly raw?: string;
  readonly repeat?: number;
  readonly every?: string;
  readonly after?: string;
  readonly time?: string;
}

function CaseEvent({ event }: { event: GivenEvent }) {
  const { dataset, fields, raw, repeat = 1, every, after, time } = event;
  const rhythm = [
    repeat > 1 ? `× ${repeat}` : '',
    repeat > 1 && every ? `/ ${every}` : '',
    after ? `+ ${after}` : '',
    time ?? '',
  ];
  return (
    <div className="case-event">
      <p className="hint mono">
        {dataset} {rhythm.filter(Boolean).join(' ')}
      </p>
      <dl>
        {Object.entries(fields).map(([name, value]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd className="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
      {raw ? (
        <pre className="mono">
          <Visible text={raw} />
        </pre>
      ) : null}
    </div>
  );
}

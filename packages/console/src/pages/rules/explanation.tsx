import type { RuleExplanationView } from '@kydai/contracts';
import { Link } from 'wouter';
import { titleOfRule } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { isKey } from '../../language/translate.ts';
import { Panel } from '../../parts/frame.tsx';

const signs: Readonly<Record<string, string>> = { gt: '>', gte: '≥', lt: '<', lte: '≤', eq: '=', neq: '≠' };

/** The condition of a rule as an outline, or what a correlation counts. */
export function Condition({ explanation }: { explanation: RuleExplanationView }) {
  const { t, format, language } = useSettings();
  const { outline, correlation, cost } = explanation;
  if (correlation !== null) {
    return (
      <dl className="particulars">
        <dt>{t('rule.matches')}</dt>
        <dd>
          {t('rule.counts', {
            type: isKey(`rule.type.${correlation.type}`)
              ? t(`rule.type.${correlation.type}` as 'rule.type.event_count')
              : correlation.type,
            span: format.duration(correlation.timespan),
          })}
        </dd>
        {correlation.groupBy.length === 0 ? null : (
          <>
            <dt>{t('rule.groupBy')}</dt>
            <dd className="mono">{correlation.groupBy.join(', ')}</dd>
          </>
        )}
        {correlation.thresholds.length === 0 ? null : (
          <>
            <dt>{t('rule.threshold')}</dt>
            <dd className="mono">
              {correlation.thresholds
                .map(({ compare, value }) => `${signs[compare] ?? compare} ${value}`)
                .join(', ')}
            </dd>
          </>
        )}
        <dt>{t('rule.feeds')}</dt>
        <dd>
          <ul className="plain-list">
            {correlation.feeds.map((rule) => (
              <li key={rule.id}>
                <Link href={`/rules/${encodeURIComponent(rule.id)}`}>{titleOfRule(rule, language)}</Link>
              </li>
            ))}
          </ul>
        </dd>
      </dl>
    );
  }
  return (
    <div className="stack">
      <ol className="outline mono" aria-label={t('rule.matches')}>
        {outline.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one rule never move
          <li key={index} data-depth={Math.min(6, (line.length - line.trimStart().length) / 2)}>
            {line.trim()}
          </li>
        ))}
      </ol>
      <p className="hint figures">
        {t('rule.cost', { n: cost.predicates, indexed: cost.indexed })}
        {cost.always ? ` · ${t('rule.always')}` : null}
      </p>
    </div>
  );
}

const moods = { 'can-fire': 'good', 'no-events': 'warn', 'no-fields': 'warn' } as const;

/** Whether the sources of the last days could make a rule fire, and which of its fields they carry. */
export function Reach({ explanation }: { explanation: RuleExplanationView }) {
  const { t, format } = useSettings();
  const { verdict, sources, datasets, fields, missing, sampled, days } = explanation;
  return (
    <Panel title={t('rule.reach')}>
      <div className="stack">
        <p className={`notice ${moods[verdict]}`}>
          {verdict === 'no-events' ? t('rule.verdict.no-events', { days }) : t(`rule.verdict.${verdict}`)}
        </p>
        {missing.length > 0 && verdict !== 'no-events' ? (
          <p>
            {t('rule.missing', { n: sampled })} <span className="mono">{missing.join(', ')}</span>
          </p>
        ) : null}
        <dl className="particulars">
          <dt>{t('rule.datasets')}</dt>
          <dd>
            {sources.length > 0 ? (
              sources.map(({ dataset, events }) => (
                <span key={dataset} className="pair">
                  <Link
                    className="mono"
                    href={`/logs?q=${encodeURIComponent(`dataset:"${dataset}"`)}&range=7d`}
                  >
                    {dataset}
                  </Link>{' '}
                  <span className="hint figures">{format.compact(events)}</span>
                </span>
              ))
            ) : datasets.length === 0 ? (
              t('rule.datasetsAll')
            ) : (
              <span className="mono">{datasets.join(', ')}</span>
            )}
          </dd>
        </dl>
        {fields.length === 0 ? null : (
          <table className="field-map">
            <thead>
              <tr>
                <th scope="col">{t('rule.field')}</th>
                <th scope="col">{t('rule.keptAs')}</th>
              </tr>
            </thead>
            <tbody>
              {fields.map(({ name, sources: names }) => (
                <tr key={name}>
                  <th scope="row" className="mono">
                    {name}
                  </th>
                  <td>
                    {names.map(({ field, events }) => (
                      <span key={field} className="kept-as mono" data-there={events > 0 || undefined}>
                        {field}
                        {events > 0 ? (
                          <span className="figures"> {format.percent(events / sampled)}</span>
                        ) : null}
                      </span>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </Panel>
  );
}

import { type FormEvent, useEffect, useState } from 'react';
import { type ApiError, serverNow } from '../../api/client.ts';
import { useSettings } from '../../language/settings.tsx';
import { explain } from '../../parts/frame.tsx';
import { QueryInput } from './query-input.tsx';
import { type BackName, backNames, fromField, type Range, resolveRange, toField } from './range.ts';

const syntax = [
  ['process.name:sshd', 'logs.syntax.field'],
  ['"Failed password"', 'logs.syntax.phrase'],
  ['event.outcome:failure and not user.name:root', 'logs.syntax.bool'],
  ['http.response.status_code >= 500', 'logs.syntax.range'],
  ['source.ip:10.0.0.0/8', 'logs.syntax.cidr'],
  ['device.id:*', 'logs.syntax.exists'],
] as const;

/** Where the query and its span of time are set. A wrong query is shown with the place of its fault. */
export function QueryBar({
  query,
  range,
  span,
  problem,
  ask,
  choose,
}: {
  query: string;
  range: Range;
  /** The range with its ends. */
  span: { readonly from: string; readonly to: string };
  problem: ApiError | undefined;
  ask: (query: string) => void;
  choose: (range: Range) => void;
}) {
  const { t } = useSettings();
  const [text, setText] = useState(query);
  useEffect(() => setText(query), [query]);
  const column = problem?.problem?.column;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask(text);
  };
  return (
    <search>
      <form className="query-bar" onSubmit={submit}>
        <QueryInput text={text} setText={setText} invalid={problem !== undefined} query={query} span={span} />
        <label className="range-field">
          <span className="visually-hidden">{t('logs.range')}</span>
          <select
            value={range.kind === 'back' ? range.name : 'custom'}
            onChange={(event) => {
              const { value } = event.currentTarget;
              if (value === 'custom') {
                const span = resolveRange(range, serverNow());
                choose({ kind: 'fixed', from: Date.parse(span.from), to: Date.parse(span.to) });
              } else choose({ kind: 'back', name: value as BackName });
            }}
          >
            {backNames.map((name) => (
              <option key={name} value={name}>
                {t(`logs.range.${name}`)}
              </option>
            ))}
            <option value="custom">{t('logs.range.custom')}</option>
          </select>
        </label>
        <button type="submit" className="button primary">
          {t('logs.run')}
        </button>
        {range.kind === 'fixed' ? <Ends range={range} choose={choose} /> : null}
        <div id="query-problem" className="query-problem">
          {problem ? (
            <>
              {column === undefined ? null : (
                <pre aria-hidden="true">
                  {query}
                  {'\n'}
                  {' '.repeat(Math.max(0, column - 1))}^
                </pre>
              )}
              <p className="form-error" role="alert">
                {column === undefined ? '' : `${t('logs.badAt', { column })}: `}
                {explain(problem, t).replace(/ \(column \d+\)$/, '')}
              </p>
            </>
          ) : null}
        </div>
        <details className="syntax">
          <summary>{t('logs.syntax')}</summary>
          <ul>
            {syntax.map(([example, key]) => (
              <li key={example}>
                <button type="button" className="mono" onClick={() => setText(example)}>
                  {example}
                </button>
                <span className="hint">{t(key)}</span>
              </li>
            ))}
          </ul>
        </details>
      </form>
    </search>
  );
}

/** The two ends of a range of one's own, on the clock that the reader chose. */
function Ends({
  range,
  choose,
}: {
  range: Extract<Range, { kind: 'fixed' }>;
  choose: (range: Range) => void;
}) {
  const { t, zone } = useSettings();
  const set = (part: { from?: number | undefined; to?: number | undefined }) => {
    const { from, to } = { from: part.from ?? range.from, to: part.to ?? range.to };
    if (from < to) choose({ kind: 'fixed', from, to });
  };
  return (
    <div className="ends">
      {(['from', 'to'] as const).map((end) => (
        <label key={end} className="field">
          <span>
            {t(`logs.${end}`)} <span className="hint">({t(`settings.zone.${zone}`)})</span>
          </span>
          <input
            type="datetime-local"
            step={1}
            key={`${range[end]} ${zone}`}
            defaultValue={toField(range[end], zone)}
            onBlur={(event) => set({ [end]: fromField(event.currentTarget.value, zone) })}
          />
        </label>
      ))}
    </div>
  );
}

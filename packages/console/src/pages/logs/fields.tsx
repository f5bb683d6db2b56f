import { useQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useSettings } from '../../language/settings.tsx';
import { explain } from '../../parts/frame.tsx';
import { Visible } from '../../parts/visible.tsx';
import { fieldsQuery, statisticsQuery, valuesQuery } from './ask.ts';
import { NarrowButtons } from './narrow-buttons.tsx';
import { condition } from './range.ts';

interface Asked {
  readonly q: string;
  readonly span: { readonly from: string; readonly to: string };
  readonly narrow: (term: string, exclude: boolean) => void;
}

/** The fields of the found events; each opens into its most frequent values. */
export function Fields({ q, span, narrow }: Asked) {
  const { t } = useSettings();
  const [open, setOpen] = useState<string>();
  const [part, setPart] = useState('');
  const { data } = useQuery(fieldsQuery(q, span));
  const fields = (data?.fields ?? []).filter(({ name }) => name.includes(part.trim().toLowerCase()));
  return (
    <aside className="fields" aria-label={t('logs.fields')}>
      <h2>{t('logs.fields')}</h2>
      <input
        type="search"
        value={part}
        placeholder={t('logs.fieldFind')}
        aria-label={t('logs.fieldFind')}
        onChange={(event) => setPart(event.currentTarget.value)}
      />
      <ul>
        {fields.slice(0, 100).map(({ name, count }) => (
          <li key={name}>
            <button
              type="button"
              className="field-name"
              aria-expanded={open === name}
              onClick={() => setOpen(open === name ? undefined : name)}
            >
              <ChevronRight aria-hidden="true" />
              <span className="mono">{name}</span>
              <span className="hint figures">{Math.round((100 * count) / (data?.sampled || 1))}%</span>
            </button>
            {open === name ? <Values q={q} span={span} field={name} narrow={narrow} /> : null}
          </li>
        ))}
      </ul>
    </aside>
  );
}

function Values({ q, span, field, narrow }: Asked & { readonly field: string }) {
  const { t, format } = useSettings();
  const { data, error } = useQuery(valuesQuery({ q, span, field }));
  if (error) return <p className="hint">{explain(error, t)}</p>;
  if (!data) return <p className="hint">{t('app.loading')}</p>;
  const missing = data.events - data.present;
  const most = Math.max(1, ...data.values.map(({ count }) => count));
  return (
    <div className="field-values">
      <p className="hint figures">
        {t('logs.fieldIn', { n: data.present, all: format.number(data.events) })}
        {missing > 0 ? ` · ${t('logs.fieldMissing', { share: share(missing, data.events) })}` : ''}
      </p>
      <Statistics q={q} span={span} field={field} />
      {data.values.map(({ value, count }) => {
        const term = condition(field, value);
        return (
          <div key={value} className="field-value">
            <span className="mono" title={value}>
              <Visible text={value} />
            </span>
            <span className="hint figures">{format.number(count)}</span>
            <NarrowButtons term={term} narrow={narrow} />
            <svg className="field-bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
              <rect width={Math.max(1, (100 * count) / most)} height="3" />
            </svg>
          </div>
        );
      })}
    </div>
  );
}

/** Of a hundred, with a sign of there being some where it is less than one. */
function share(part: number, all: number): string {
  const percent = (100 * part) / Math.max(1, all);
  return percent > 0 && percent < 1 ? '< 1%' : `${Math.round(percent)}%`;
}

const spread = ['min', 'p50', 'p95', 'p99', 'max'] as const;

/** How many different values there are, and how its numbers are spread. */
function Statistics({ q, span, field }: Omit<Asked, 'narrow'> & { readonly field: string }) {
  const { t, format } = useSettings();
  const { data } = useQuery(statisticsQuery(q, span, field));
  if (!data || data.present === 0) return null;
  return (
    <>
      <p className="hint figures">
        {t(data.more ? 'logs.distinctMore' : 'logs.distinct', { n: data.distinct })}
      </p>
      {data.numbers && data.numbers.min < data.numbers.max ? (
        <dl className="field-spread figures">
          {spread.map((name) => (
            <div key={name}>
              <dt>{t(`logs.spread.${name}`)}</dt>
              <dd>{format.number(data.numbers![name])}</dd>
            </div>
          ))}
        </dl>
      ) : null}
    </>
  );
}

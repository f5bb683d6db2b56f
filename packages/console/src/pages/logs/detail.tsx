import type { EventPageView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Columns3 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { ruleTitleOf, titleOf } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { Copyable, explain } from '../../parts/frame.tsx';
import { Visible } from '../../parts/visible.tsx';
import { relatedQuery, surroundingQuery } from './ask.ts';
import { NarrowButtons } from './narrow-buttons.tsx';
import { condition } from './range.ts';

type EventRow = EventPageView['events'][number];

/** All of one event: its findings, its surroundings, its line and its fields. */
export function Detail({
  event,
  columns,
  narrow,
  toggleColumn,
}: {
  event: EventRow;
  columns: readonly string[];
  narrow: (term: string, exclude: boolean) => void;
  toggleColumn: (name: string) => void;
}) {
  const { t, format } = useSettings();
  const fields: (readonly [string, unknown])[] = [
    ['id', event.id],
    ['source', event.source],
    ['dataset', event.dataset],
    ...Object.entries(event.fields).sort(([a], [b]) => a.localeCompare(b)),
  ];
  const lag = Date.parse(event.received) - Date.parse(event.time);
  return (
    <div className="event-detail">
      <p className="hint figures">
        {t('logs.received')} {format.exact(Date.parse(event.received))} (
        {t('logs.delay', { duration: format.duration(Math.max(0, lag)) })})
      </p>
      <Findings id={event.id} />
      <Around event={event} />
      <h3>{t('logs.raw')}</h3>
      <Copyable text={event.raw} label={t('logs.raw')} />
      <h3>{t('logs.fields')}</h3>
      <dl className="event-fields">
        {fields.map(([name, value]) => {
          const text = Array.isArray(value) ? value.join(', ') : String(value);
          const term = condition(name, Array.isArray(value) ? value[0] : value);
          return (
            <div key={name}>
              <dt className="mono">{name}</dt>
              <dd className="mono">
                <Visible text={text} />
              </dd>
              <span className="event-field-acts">
                <NarrowButtons term={term} narrow={narrow} />
                <button
                  type="button"
                  className="icon-button"
                  aria-pressed={columns.includes(name)}
                  title={t('logs.columnAdd')}
                  aria-label={`${t('logs.columnAdd')}: ${name}`}
                  onClick={() => toggleColumn(name)}
                >
                  <Columns3 aria-hidden="true" />
                </button>
              </span>
            </div>
          );
        })}
      </dl>
    </div>
  );
}

/** Where the event was noticed: the detections that rest on it, and their incidents. */
function Findings({ id }: { id: string }) {
  const { t, language } = useSettings();
  const { data } = useQuery(relatedQuery(id));
  if (!data || data.detections.length + data.incidents.length === 0) return null;
  return (
    <>
      <h3>{t('logs.related')}</h3>
      <ul className="event-related">
        {data.detections.map((detection) => (
          <li key={detection.id}>
            <Link href={`/rules/${encodeURIComponent(detection.rule)}`}>
              {ruleTitleOf(detection, language)}
            </Link>
          </li>
        ))}
        {data.incidents.map((incident) => (
          <li key={incident.id}>
            <Link href={`/incidents/${incident.id}`}>
              {incident.number} · {titleOf(incident, language)}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What happened just before and after, of the same host (or source) or of all. */
function Around({ event }: { event: EventRow }) {
  const { t, format } = useSettings();
  const [same, setSame] = useState<string>();
  const own = event.fields['host.name'] === undefined ? 'source' : 'host.name';
  const { data, error } = useQuery({
    ...surroundingQuery(event.id, same ?? ''),
    enabled: same !== undefined,
  });
  return (
    <>
      <h3>{t('logs.around')}</h3>
      <p className="around-acts">
        {[own, ''].map((field) => (
          <button
            key={field}
            type="button"
            className="button quiet"
            aria-pressed={same === field}
            onClick={() => setSame(same === field ? undefined : field)}
          >
            {field === '' ? t('logs.aroundAll') : t('logs.aroundSame', { field })}
          </button>
        ))}
      </p>
      {same === undefined ? null : error ? (
        <p className="hint">{explain(error, t)}</p>
      ) : (
        <ol className="around mono">
          {(data?.events ?? []).map((one) => (
            <li key={one.id} aria-current={one.id === event.id || undefined}>
              <time dateTime={one.time}>{format.clock(Date.parse(one.time), true)}</time>{' '}
              <Visible text={one.raw} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

import type { EventPageView } from '@kydai/contracts';
import { Radio } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useSettings } from '../../language/settings.tsx';
import { fieldText } from '../../parts/dialog.tsx';
import { Drop } from '../../parts/drop.tsx';
import { exportAddress } from './ask.ts';
import { defaultColumns, isSaved, useRemembered } from './remembered.ts';

/** Columns, saved queries and the link to share: what makes a search one's own. */
export function Tools({
  columns,
  setColumns,
  rows,
  live,
  setLive,
  q,
  span,
  open,
}: {
  columns: readonly string[];
  setColumns: (columns: readonly string[]) => void;
  rows: EventPageView['events'];
  live: boolean;
  setLive: (live: boolean) => void;
  q: string;
  span: { readonly from: string; readonly to: string };
  open: (search: string) => void;
}) {
  const { t } = useSettings();
  const [search] = useSearchParams();
  const [copied, setCopied] = useState(false);
  const [saved, setSaved] = useRemembered('logs.saved', [], isSaved);
  const known = [
    ...new Set([
      ...columns,
      ...rows.slice(0, 200).flatMap((row) => Object.keys(row.fields)),
      'message',
      'source',
      'raw',
    ]),
  ].sort();
  const share = async () => {
    await navigator.clipboard.writeText(window.location.href);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = fieldText(new FormData(event.currentTarget), 'name');
    if (name) setSaved([...saved.filter((one) => one.name !== name), { name, search: search.toString() }]);
    event.currentTarget.reset();
  };
  return (
    <div className="tools">
      <button
        type="button"
        className={live ? 'button' : 'button quiet'}
        aria-pressed={live}
        onClick={() => setLive(!live)}
      >
        <Radio aria-hidden="true" /> {t('logs.live')}
      </button>
      <Drop quiet label={<Counted label={t('logs.columns')} n={columns.length} />}>
        {() =>
          known.map((name) => (
            <label key={name} className="check mono">
              <input
                type="checkbox"
                checked={columns.includes(name)}
                onChange={(event) => {
                  const next = event.currentTarget.checked
                    ? [...columns, name]
                    : columns.filter((one) => one !== name);
                  setColumns(next.length > 0 ? next : defaultColumns);
                }}
              />
              <span>{name}</span>
            </label>
          ))
        }
      </Drop>
      <Drop quiet label={<Counted label={t('logs.saved')} n={saved.length} />}>
        {(close) => (
          <>
            {saved.length === 0 ? <p className="hint">{t('logs.savedNone')}</p> : null}
            <ul>
              {saved.map((one) => (
                <li key={one.name} className="saved">
                  <button
                    type="button"
                    className="link"
                    onClick={() => {
                      close();
                      open(one.search);
                    }}
                  >
                    {one.name}
                  </button>
                  <button
                    type="button"
                    className="link hint"
                    onClick={() => setSaved(saved.filter((other) => other !== one))}
                  >
                    {t('logs.remove')}
                  </button>
                </li>
              ))}
            </ul>
            <form className="saved-form" onSubmit={save}>
              <input
                name="name"
                required
                maxLength={80}
                placeholder={t('logs.saveName')}
                aria-label={t('logs.saveName')}
              />
              <button type="submit" className="button">
                {t('logs.save')}
              </button>
            </form>
          </>
        )}
      </Drop>
      <Drop quiet label={t('logs.export')}>
        {(close) =>
          (['csv', 'ndjson', 'parquet'] as const).map((format) => (
            <a
              key={format}
              className="link export"
              href={exportAddress(q, span, format, columns)}
              download={`events.${format}`}
              onClick={close}
            >
              {t(`logs.export.${format}`)}
            </a>
          ))
        }
      </Drop>
      <button type="button" className="button quiet" onClick={() => void share()}>
        {copied ? t('common.copied') : t('logs.share')}
      </button>
    </div>
  );
}

function Counted({ label, n }: { label: string; n: number }) {
  return (
    <>
      {label} <span className="figures hint">{n}</span>
    </>
  );
}

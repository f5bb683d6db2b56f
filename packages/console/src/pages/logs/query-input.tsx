import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useSettings } from '../../language/settings.tsx';
import { fieldsQuery, valuesQuery } from './ask.ts';
import { complete, placeAt } from './completion.ts';

const offered = 8;

/** The query's text with completion of fields and values: arrows choose, Tab or Enter takes, Escape leaves. */
export function QueryInput({
  text,
  setText,
  invalid,
  query,
  span,
}: {
  text: string;
  setText: (text: string) => void;
  invalid: boolean;
  /** The query that was asked last: fields are offered from its events, values from all. */
  query: string;
  span: { readonly from: string; readonly to: string };
}) {
  const { t, format } = useSettings();
  const [caret, setCaret] = useState<number>();
  const [chosen, setChosen] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const place = caret === undefined ? undefined : placeAt(text, caret);
  const settled = useSettled(place?.kind === 'value' ? `${place.field}\n${place.prefix}` : '', 150);
  const [field = '', prefix = ''] = settled.split('\n');
  const fields = useQuery({ ...fieldsQuery(invalid ? '' : query, span), enabled: place !== undefined });
  const values = useQuery({
    ...valuesQuery({ q: '', span, field, prefix, top: offered }),
    enabled: field !== '',
  });

  const written = place?.prefix.toLowerCase() ?? '';
  const offers: readonly { readonly text: string; readonly count: number }[] =
    place === undefined
      ? []
      : place.kind === 'field'
        ? (fields.data?.fields ?? [])
            .filter(({ name }) => name.toLowerCase().includes(written) && name !== place.prefix)
            .sort((a, b) => Number(b.name.startsWith(written)) - Number(a.name.startsWith(written)))
            .slice(0, offered)
            .map(({ name, count }) => ({ text: name, count }))
        : field === place.field
          ? (values.data?.values ?? [])
              .filter(({ value }) => value.toLowerCase().startsWith(written) && value !== place.prefix)
              .map(({ value, count }) => ({ text: value, count }))
          : [];
  const isOpen = offers.length > 0;
  const take = (at: number) => {
    const offer = offers[at];
    if (offer === undefined || place === undefined) return;
    const next = complete(text, place, offer.text);
    setText(next.text);
    setChosen(-1);
    setCaret(next.caret);
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(next.caret, next.caret);
    });
  };
  const onKey = (event: KeyboardEvent) => {
    if (!isOpen) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setChosen(
        (before) => (before + step + offers.length + (before < 0 && step < 0 ? 1 : 0)) % offers.length,
      );
    } else if (event.key === 'Escape') {
      event.preventDefault();
      setCaret(undefined);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    }
  };
  return (
    <div className="query-field" data-open={isOpen || undefined}>
      <Search aria-hidden="true" />
      <input
        ref={input}
        type="search"
        role="combobox"
        className="mono"
        value={text}
        aria-label={t('logs.query')}
        placeholder={t('logs.placeholder')}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setCaret(event.currentTarget.selectionStart ?? undefined);
          setChosen(-1);
        }}
        onKeyDown={onKey}
        onClick={(event) => setCaret(event.currentTarget.selectionStart ?? undefined)}
        onBlur={() => setCaret(undefined)}
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={id}
        aria-activedescendant={chosen >= 0 && isOpen ? `${id}-${chosen}` : undefined}
        aria-invalid={invalid ? true : undefined}
        aria-describedby="query-problem"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
      />
      <div role="listbox" id={id} className="offers" aria-label={t('logs.offers')} hidden={!isOpen}>
        {offers.map((offer, at) => (
          <div
            key={offer.text}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === chosen}
            className="offer mono"
            // The press must not take the focus from the text before the click arrives.
            onPointerDown={(event) => {
              event.preventDefault();
              take(at);
            }}
          >
            <span>{offer.text}</span>
            <span className="hint figures">{format.number(offer.count)}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

/** A value once it has not changed for a while. */
function useSettled(value: string, after: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), after);
    return () => clearTimeout(timer);
  }, [value, after]);
  return settled;
}

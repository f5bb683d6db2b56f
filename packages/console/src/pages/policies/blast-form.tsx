import type { PolicyView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { devicesQuery, entitiesQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import type { Listing } from '../../parts/listing.ts';
import {
  type Happening,
  happeningsOf,
  needOf,
  type Question,
  questionOf,
  type Subject,
  subjects,
} from './happenings.ts';
import { SpanField } from './span-field.tsx';

export interface Asked {
  readonly subject: Subject;
  readonly id: string;
  readonly happening: Happening;
  readonly value: string;
  readonly question: Question | undefined;
}

/** The question that the address holds. */
export function readAsked({ of }: Pick<Listing, 'of'>): Asked {
  const subject = subjects.find((one) => one === of('type')) ?? 'Device';
  const possible = happeningsOf(subject);
  const happening = possible.find((one) => one === of('what')) ?? possible[0]!;
  const id = of('id');
  const value = of('value');
  return { subject, id, happening, value, question: questionOf(subject, id, happening, value) };
}

/** To whom, what, and how much of it. */
export function BlastForm({
  asked,
  policies,
  ask,
}: {
  asked: Asked;
  policies: readonly PolicyView[];
  ask: (parameters: Record<'type' | 'id' | 'what' | 'value', string>) => void;
}) {
  const { t } = useSettings();
  const [subject, setSubject] = useState(asked.subject);
  const [id, setId] = useState(asked.id);
  const [happening, setHappening] = useState(asked.happening);
  const [value, setValue] = useState(asked.value);
  const need = needOf(happening);
  const choose = (next: Happening) => {
    setHappening(next);
    const wants = needOf(next).kind;
    setValue(wants === 'score' ? '80' : wants === 'hours' ? '24' : '');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask({ type: subject, id: id.trim(), what: happening, value: value.trim() });
  };
  return (
    <form className="form blast-form" onSubmit={submit}>
      <label className="field">
        <span>{t('blast.subject')}</span>
        <select
          value={subject}
          onChange={({ currentTarget }) => {
            const next = currentTarget.value as Subject;
            setSubject(next);
            setId('');
            choose(happeningsOf(next)[0]!);
          }}
        >
          {subjects.map((one) => (
            <option key={one} value={one}>
              {t(`blast.subject.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <Named label={t('blast.id')} type={subject} value={id} change={setId} policies={policies} />
      <label className="field">
        <span>{t('blast.what')}</span>
        <select value={happening} onChange={({ currentTarget }) => choose(currentTarget.value as Happening)}>
          {happeningsOf(subject).map((one) => (
            <option key={one} value={one}>
              {t(`blast.what.${one}`)}
            </option>
          ))}
        </select>
      </label>
      {need.kind === 'score' ? (
        <label className="field">
          <span>{t('blast.score')}</span>
          <input
            type="number"
            min={0}
            max={100}
            required
            value={value}
            onChange={({ currentTarget }) => setValue(currentTarget.value)}
          />
        </label>
      ) : null}
      {need.kind === 'hours' ? <SpanField value={value} change={setValue} /> : null}
      {need.kind === 'group' ? (
        <Named
          label={t(`blast.group.${need.type as 'Role' | 'Agency' | 'Zone'}`)}
          type={need.type}
          value={value}
          change={setValue}
          policies={policies}
        />
      ) : null}
      <button type="submit" className="button primary">
        {t('blast.ask')}
      </button>
    </form>
  );
}

/** An id, with those that are known to choose from. */
function Named({
  label,
  type,
  value,
  change,
  policies,
}: {
  label: string;
  type: string;
  value: string;
  change: (id: string) => void;
  policies: readonly PolicyView[];
}) {
  const list = useId();
  const devices = useQuery({ ...devicesQuery({ q: value.trim() }, 20, 0), enabled: type === 'Device' });
  const others = useQuery({
    ...entitiesQuery(type),
    enabled: type !== 'Device' && type !== 'Policy',
    // Who may not look at them types the name.
    retry: false,
  });
  const known =
    type === 'Device'
      ? devices.data?.items.map(({ id }) => id)
      : type === 'Policy'
        ? policies.map(({ id }) => id)
        : others.data?.items.map(({ uid }) => uid.id);
  return (
    <label className="field">
      <span>{label}</span>
      <input
        className="mono"
        list={list}
        required
        maxLength={256}
        value={value}
        onChange={({ currentTarget }) => change(currentTarget.value)}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
      />
      <datalist id={list}>
        {known?.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </label>
  );
}

import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useId, useState } from 'react';
import { useLocation } from 'wouter';
import { devicesQuery, incidentsQuery } from '../api/queries.ts';
import { useMay } from '../api/session.tsx';
import { titleOf } from '../language/named.ts';
import { useSettings } from '../language/settings.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { fold } from './fold.ts';
import { groups } from './navigation.ts';

interface Target {
  readonly href: string;
  readonly text: string;
  readonly kind: string;
}

const most = 9;

/** Goes anywhere by a few letters: pages, recent incidents, devices; what is not found is searched in the logs. */
export function Palette({ close }: { close: () => void }) {
  const { t, language } = useSettings();
  const may = useMay();
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const incidents = useQuery({
    ...incidentsQuery({ state: 'all', q: text.trim() }, 6, 0),
    enabled: text.trim().length > 1,
  });
  const devices = useQuery({ ...devicesQuery({ q: text.trim() }, 6, 0), enabled: text.trim().length > 1 });

  const wanted = fold(text.trim());
  const matches = (candidate: string) => fold(candidate).includes(wanted);
  const targets: Target[] = [
    ...groups
      .flatMap((group) => group.places)
      .filter((place) => may(place.needs) && matches(t(place.label)))
      .map((place) => ({ href: place.href, text: t(place.label), kind: '' })),
    ...(wanted ? (incidents.data?.items ?? []) : []).map((incident) => ({
      href: `/incidents/${incident.id}`,
      text: titleOf(incident, language),
      kind: incident.number,
    })),
    ...(wanted ? (devices.data?.items ?? []) : []).map((device) => ({
      href: `/devices/${encodeURIComponent(device.id)}`,
      text: device.id,
      kind: t(`kind.${device.kind}`),
    })),
  ].slice(0, most);

  const open = (target: Target | undefined) => {
    close();
    if (target) go(target.href);
    else if (wanted) go(`/logs?q=${encodeURIComponent(`"${text.trim()}"`)}&range=24h`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setAt((before) => (targets.length === 0 ? 0 : (before + step + targets.length) % targets.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(targets[at]);
    }
  };
  return (
    <Dialog title={t('palette.title')} close={close} className="palette">
      <input
        data-focus
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={targets[at] ? `${list}-${at}` : undefined}
        aria-label={t('palette.placeholder')}
        placeholder={t('palette.placeholder')}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="palette-list" role="listbox" id={list} aria-label={t('palette.title')}>
        {targets.map((target, index) => (
          <button
            key={target.href}
            id={`${list}-${index}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onPointerMove={() => setAt(index)}
            onClick={() => open(target)}
          >
            <span>{target.text}</span>
            <span className="hint">{target.kind}</span>
          </button>
        ))}
        {targets.length === 0 ? <p className="hint">{t('palette.none')}</p> : null}
      </div>
    </Dialog>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Keyboard, Menu, Search, Settings2 } from 'lucide-react';
import { type ReactNode, useCallback, useRef, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { useLive } from '../api/live.tsx';
import { overviewQuery } from '../api/queries.ts';
import { useMay } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';
import { FlagTower, LiveMark } from './flag.tsx';
import { useKeys } from './keys.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { groups, isWithin, type Place } from './navigation.ts';
import { News } from './news.tsx';
import { Palette } from './palette.tsx';
import { usePlaces } from './places.ts';
import { SettingsDialog } from './settings-dialog.tsx';

/** The frame around every page: rail on a wide screen, bar at the foot of a phone. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useSettings();
  const { state } = useLive();
  const [path] = useLocation();
  const [open, setOpen] = useState<'settings' | 'palette' | 'menu' | 'keys'>();
  const main = useRef<HTMLElement>(null);
  usePlaces(
    path,
    useSearch(),
    main,
    useCallback(() => setOpen(undefined), []),
  );
  useKeys(setOpen);

  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t('app.skip')}
      </a>
      <header className="rail">
        <Link className="brand" href="/" aria-label={t('app.name')}>
          <FlagTower state={state} />
          <span className="brand-name">{t('app.name')}</span>
        </Link>
        <button
          type="button"
          className="rail-search"
          aria-keyshortcuts="Control+K"
          onClick={() => setOpen('palette')}
        >
          <Search aria-hidden="true" />
          <span>{t('palette.title')}</span>
          <kbd>{t('palette.hint')}</kbd>
        </button>
        <nav className="rail-nav" aria-label={t('nav.main')}>
          <Places path={path} />
        </nav>
        <div className="rail-foot">
          <LiveMark />
          <button
            type="button"
            className="icon-button"
            onClick={() => setOpen('keys')}
            aria-label={t('keys.title')}
            title={t('keys.title')}
          >
            <Keyboard aria-hidden="true" />
          </button>
          <button
            type="button"
            className="icon-button"
            onClick={() => setOpen('settings')}
            aria-label={t('settings.title')}
            title={t('settings.title')}
          >
            <Settings2 aria-hidden="true" />
          </button>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <nav className="foot-nav" aria-label={t('nav.main')}>
        {[...groups[0]!.places.slice(0, 3), groups[1]!.places[0]!].map((place) => (
          <PlaceLink key={place.href} place={place} path={path} />
        ))}
        <button type="button" className="place" onClick={() => setOpen('menu')} aria-haspopup="dialog">
          <Menu aria-hidden="true" />
          <span>{t('nav.more')}</span>
        </button>
      </nav>
      {open === 'menu' ? (
        <SettingsDialog close={() => setOpen(undefined)}>
          <nav className="menu-nav" aria-label={t('nav.menu')}>
            <Places path={path} />
          </nav>
        </SettingsDialog>
      ) : null}
      {open === 'settings' ? <SettingsDialog close={() => setOpen(undefined)} /> : null}
      {open === 'keys' ? <KeysDialog close={() => setOpen(undefined)} /> : null}
      {open === 'palette' ? <Palette close={() => setOpen(undefined)} /> : null}
      <News />
    </div>
  );
}

function Places({ path }: { path: string }) {
  const { t } = useSettings();
  return groups.map((group) => (
    <div className="place-group" key={group.label}>
      <p className="place-group-name">{t(group.label)}</p>
      {group.places.map((place) => (
        <PlaceLink key={place.href} place={place} path={path} />
      ))}
    </div>
  ));
}

function PlaceLink({ place, path }: { place: Place; path: string }) {
  const { t } = useSettings();
  const may = useMay();
  const overview = useQuery({ ...overviewQuery(), enabled: place.href === '/incidents' });
  if (!may(place.needs)) return null;
  const waiting = place.href === '/incidents' ? (overview.data?.approvals.length ?? 0) : 0;
  const openIncidents = place.href === '/incidents' ? (overview.data?.incidents.open ?? 0) : 0;
  const Icon = place.icon;
  return (
    <Link className="place" href={place.href} aria-current={isWithin(path, place.href) ? 'page' : undefined}>
      <Icon aria-hidden="true" />
      <span>{t(place.label)}</span>
      {waiting > 0 ? (
        <span className="badge waiting figures" title={t('overview.approvalsCount', { n: waiting })}>
          {waiting}
        </span>
      ) : openIncidents > 0 ? (
        <span className="badge figures">{openIncidents}</span>
      ) : null}
    </Link>
  );
}

import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { forecastQuery } from '../api/queries.ts';
import { useSettings } from '../language/settings.tsx';

export const deviceKinds = [
  'camera',
  'sensor',
  'traffic-controller',
  'siren',
  'water-controller',
  'gateway',
  'other',
] as const;

/** The zones that have certificates, which are those that devices are in. */
export function useZones(): readonly string[] {
  const zones = useQuery(forecastQuery(30)).data?.zones ?? [];
  return zones.map(({ zone }) => zone).filter((zone) => zone !== '');
}

/** What a device is and where it stands, for whoever enters one by hand. */
export function DeviceFields({ kind, zone }: { kind?: string; zone?: string }) {
  const { t } = useSettings();
  const zones = useZones();
  const list = useId();
  return (
    <>
      <label className="field">
        <span>{t('enrol.kind')}</span>
        <select name="kind" defaultValue={kind}>
          {deviceKinds.map((one) => (
            <option key={one} value={one}>
              {t(`kind.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>{t('enrol.zone')}</span>
        <input
          name="zone"
          list={list}
          required
          maxLength={64}
          defaultValue={zone}
          className="mono"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
        <datalist id={list}>
          {zones.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <small>{t('enrol.zoneHint')}</small>
      </label>
    </>
  );
}

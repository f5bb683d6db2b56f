import type { Clock, ForecastView, RecordStore } from '@kydai/contracts';
import { forecastRenewals } from '@kydai/pki';

const fresh = 5 * 60_000;
const longest = 90;

/**
 * The forecast of renewals for as many days as are asked for, made anew after five minutes, or after fifty times as long
 * as making it took: reading a million certificates must not become the program's main work. Who asks while it is made
 * waits for the same one.
 */
export function createForecaster(parts: {
  readonly records: RecordStore;
  readonly clock: Clock;
}): (days: number) => Promise<ForecastView> {
  let made: { readonly until: number; readonly forecast: ReturnType<typeof forecastRenewals> } | undefined;

  const make = (): NonNullable<typeof made> => {
    const started = parts.clock.now();
    const forecast = forecastRenewals(parts, longest);
    const current = { until: Number.POSITIVE_INFINITY, forecast };
    forecast.then(
      () => {
        const now = parts.clock.now();
        if (made === current) made = { until: now + Math.max(fresh, (now - started) * 50), forecast };
      },
      () => {
        if (made === current) made = undefined;
      },
    );
    return current;
  };

  return async (days) => {
    if (made === undefined || made.until <= parts.clock.now()) made = make();
    const { at, zones, hours } = await made.forecast;
    const cut = (list: readonly number[]): readonly number[] => list.slice(0, days);
    return {
      at,
      days,
      zones: zones.map((zone) => ({ ...zone, renewals: cut(zone.renewals), expiries: cut(zone.expiries) })),
      hours,
    };
  };
}

import type { ForecastView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { forecastQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { DayBars } from '../../parts/day-bars.tsx';
import { Empty, Loaded, Panel } from '../../parts/frame.tsx';
import type { Listing } from '../../parts/listing.ts';
import { Segments } from '../../parts/segments.tsx';
import { Table } from '../../parts/table.tsx';
import { TimeBars } from '../../parts/time-bars.tsx';

const day = 86_400_000;
const spans = [14, 30, 90] as const;

/** Renewal weather: when certificates will be renewed and when they end, by zone. */
export function Forecast({ listing, enrol }: { listing: Listing; enrol: ReactNode }) {
  const { t } = useSettings();
  const days = spans.find((one) => String(one) === listing.of('days')) ?? 30;
  const query = useQuery(forecastQuery(days));
  return (
    <Loaded query={query}>
      {(view) =>
        view.zones.length === 0 ? (
          <Empty title={t('forecast.empty')} hint={t('certificates.emptyHint')}>
            {enrol}
          </Empty>
        ) : (
          <Weather view={view} listing={listing} days={days} />
        )
      }
    </Loaded>
  );
}

type Zone = ForecastView['zones'][number];

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
const total = (zones: readonly Zone[], pick: (zone: Zone) => number): number => sum(zones.map(pick));

const orders = ['zone', '-renewals', '-subjects', '-ends', '-overdue', '-lapsed'] as const;

function sortZones(zones: readonly Zone[], order: (typeof orders)[number]): readonly Zone[] {
  if (order === 'zone') return zones;
  const figures: Record<Exclude<(typeof orders)[number], 'zone'>, (zone: Zone) => number> = {
    '-renewals': ({ renewals }) => sum(renewals),
    '-subjects': ({ subjects }) => subjects,
    '-ends': ({ expiries }) => sum(expiries),
    '-overdue': ({ overdue }) => overdue,
    '-lapsed': ({ lapsed }) => lapsed,
  };
  const figure = figures[order];
  return zones.toSorted((one, other) => figure(other) - figure(one));
}

function Weather({ view, listing, days }: { view: ForecastView; listing: Listing; days: number }) {
  const { t, format } = useSettings();
  const chosen = listing.of('zone');
  const order = listing.order(orders);
  const shown = view.zones.some(({ zone }) => zone === chosen && zone !== '')
    ? view.zones.filter(({ zone }) => zone === chosen)
    : view.zones;
  const one = shown.length === 1 && chosen !== '';
  const daily = (pick: (zone: Zone) => readonly number[]) =>
    Array.from({ length: days }, (_, at) => total(shown, (zone) => pick(zone)[at] ?? 0));
  const renewals = daily((zone) => zone.renewals);
  const expiries = daily((zone) => zone.expiries);
  const most = Math.max(1, ...view.zones.flatMap((zone) => [...zone.renewals]));
  const figures = [
    ['forecast.subjects', total(shown, ({ subjects }) => subjects), undefined],
    ['forecast.renewals', sum(renewals), undefined],
    ['forecast.ends', sum(expiries), undefined],
    ['forecast.overdue', total(shown, ({ overdue }) => overdue), 'warn'],
    ['forecast.lapsed', total(shown, ({ lapsed }) => lapsed), 'bad'],
  ] as const;
  const name = (zone: string) => (zone === '' ? t('forecast.noZone') : zone);
  return (
    <>
      <dl className="facts figures">
        {figures.map(([label, count, tone]) => (
          <div key={label} data-tone={count > 0 ? tone : undefined}>
            <dt>{t(label, { days })}</dt>
            <dd className="figure-large">{format.number(count)}</dd>
          </div>
        ))}
      </dl>
      <Panel
        title={one ? t('forecast.titleOf', { zone: chosen }) : t('forecast.title')}
        hint={t('forecast.hint')}
        aside={
          <Segments
            label={t('forecast.span')}
            value={String(days)}
            choose={(value) => listing.filter({ days: value === '30' ? '' : value })}
            choices={spans.map((span) => [String(span), t('forecast.days', { n: span })] as const)}
          />
        }
      >
        <TimeBars
          bars={renewals.map((count, at) => ({
            time: view.at + at * day,
            count,
            marked: expiries[at] ?? 0,
          }))}
          interval={day}
          label={t('forecast.title')}
          countLabel={t('forecast.countRenewals')}
          markedLabel={t('forecast.countEnds')}
        />
      </Panel>
      <Panel title={t('forecast.zones')} flush>
        <Table
          caption={t('forecast.zones')}
          rows={sortZones(view.zones, order.value)}
          order={order}
          rowKey={({ zone }) => zone}
          mark={({ zone }) => (one && zone === chosen ? 'chosen' : undefined)}
          columns={[
            {
              id: 'zone',
              orders: ['zone'],
              head: t('devices.col.zone'),
              kind: 'lead',
              cell: ({ zone }) =>
                zone === '' ? (
                  name(zone)
                ) : (
                  <button
                    type="button"
                    className="row-link mono strong"
                    aria-pressed={one && zone === chosen}
                    onClick={() => listing.filter({ zone: one && zone === chosen ? '' : zone })}
                  >
                    {zone}
                  </button>
                ),
            },
            {
              id: 'curve',
              orders: ['-renewals'],
              head: t('forecast.curve', { days }),
              kind: 'wide',
              cell: (zone) => (
                <DayBars
                  counts={zone.renewals}
                  most={most}
                  label={t('forecast.sparkLabel', { zone: name(zone.zone), n: sum(zone.renewals) })}
                />
              ),
            },
            {
              id: 'subjects',
              orders: ['-subjects'],
              head: t('forecast.col.subjects'),
              kind: 'figure',
              cell: ({ subjects }) => format.number(subjects),
            },
            {
              id: 'ends',
              orders: ['-ends'],
              head: t('forecast.col.ends'),
              kind: 'figure',
              cell: ({ expiries: ends }) => format.number(sum(ends)),
            },
            {
              id: 'overdue',
              orders: ['-overdue'],
              head: t('forecast.col.overdue'),
              kind: 'figure',
              cell: ({ overdue }) => <Count n={overdue} tone="warn" />,
            },
            {
              id: 'lapsed',
              orders: ['-lapsed'],
              head: t('forecast.col.lapsed'),
              kind: 'figure',
              cell: ({ lapsed }) => <Count n={lapsed} tone="bad" />,
            },
          ]}
        />
      </Panel>
    </>
  );
}

function Count({ n, tone }: { n: number; tone: 'warn' | 'bad' }) {
  const { format } = useSettings();
  return (
    <span className="toned" data-tone={n > 0 ? tone : undefined}>
      {format.number(n)}
    </span>
  );
}

import { ForecastView } from '@kydai/contracts';
import { type Command, InvalidArgumentError } from 'commander';
import type { SimulatedYear } from '../../pki/simulate.ts';
import { columns, type Output, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';

const day = 86_400_000;
const blocks = ' ▁▂▃▄▅▆▇█';

/** What is to come: the forecast of renewals, and what would come without their being spread. */
export function addWeatherCommands(pki: Command, { output, operator }: CommandContext): void {
  pki
    .command('forecast')
    .description('when certificates will be renewed and when they end, by zone')
    .option('--days <n>', 'how far to look, 90 at most', whole(1, 90), 30)
    .option('--zone <zone>', 'one zone alone')
    .option('--json', 'print JSON')
    .action(async ({ days, zone, json }: { days: number; zone?: string; json?: boolean }) => {
      const view = await operator().call('GET', `/api/v1/pki/forecast?days=${days}`, ForecastView);
      const zones = view.zones.filter((each) => zone === undefined || each.zone === zone);
      if (json) return output.write(`${JSON.stringify({ ...view, zones }, null, 2)}\n`);
      if (zones.length === 0)
        return output.write('No certificates to look ahead for. Make a token with: kydai pki token DEVICE\n');
      tellForecast(output, { ...view, zones });
    });

  pki
    .command('simulate')
    .description('renewals of a city that enrolled in one hour, with and without spreading')
    .option('--devices <n>', 'how many', whole(1, 10_000_000), 1_000_000)
    .option('--days <n>', 'how long', whole(2, 3650), 365)
    .option('--life <days>', 'how long a certificate lasts', whole(1, 3650), 90)
    .option('--outage <share>', 'part of the city whose network fails, percent', whole(0, 100), 20)
    .option('--outage-day <n>', 'when it fails', whole(0, 3650), 100)
    .option('--outage-hours <n>', 'for how long', whole(0, 8760), 24)
    .action(
      async (
        options: Record<'devices' | 'days' | 'life' | 'outage' | 'outageDay' | 'outageHours', number>,
      ) => {
        const { simulateRenewals } = await import('../../pki/simulate.ts');
        const { devices, days, life, outage, outageDay, outageHours } = options;
        const city = {
          ...{ devices, days, enrolHours: 1, lifeDays: life },
          outage: { share: outage / 100, day: outageDay, hours: outageHours },
        };
        output.write(
          `${devices.toLocaleString('en')} devices enrol in one hour; certificates last ${life} days; ` +
            `${outage}% of them are without a network for ${outageHours} h from day ${outageDay} on.\n`,
        );
        tellYear(output, 'All renew at two thirds of the life', simulateRenewals({ ...city, spread: false }));
        tellYear(output, 'The server spreads the windows', simulateRenewals({ ...city, spread: true }));
      },
    );
}

function tellForecast(output: Output, { at, days, zones, hours }: ForecastView): void {
  const date = (index: number): string => new Date(at + index * day).toISOString().slice(0, 10);
  output.write(`From ${date(0)} to ${date(days - 1)}, one mark a day. Renewals:\n\n`);
  const most = Math.max(1, ...zones.flatMap(({ renewals }) => renewals));
  const name = (zone: string): string => (zone === '' ? '(services, people)' : zone);
  const sum = (list: readonly number[]): number => list.reduce((total, count) => total + count, 0);
  output.write(
    columns([
      ['zone', 'renewals', 'sum', 'ends', 'overdue', 'lapsed'],
      ...zones.map(({ zone, renewals, expiries, overdue, lapsed }) => [
        name(zone),
        curve(renewals, most),
        String(sum(renewals)),
        String(sum(expiries)),
        overdue === 0 ? '-' : styled(output, 'yellow', String(overdue)),
        lapsed === 0 ? '-' : styled(output, 'red', String(lapsed)),
      ]),
    ]),
  );
  output.write(`\nIn the next 48 hours, one mark an hour: ${curve(hours, Math.max(1, ...hours))} `);
  output.write(`(${sum(hours)} in all, ${Math.max(...hours)} at most in an hour)\n`);
}

/** The year in weeks of one bar each, and the peak against the mean. */
function tellYear(output: Output, title: string, { hours, peak, mean, lapsed }: SimulatedYear): void {
  output.write(`\n${styled(output, 'bold', title)}\n`);
  const busiest: number[] = [];
  for (let from = 0; from < hours.length; from += 24)
    busiest.push(Math.max(...hours.subarray(from, from + 24)));
  const most = Math.max(1, ...busiest);
  for (let from = 0; from < busiest.length; from += 73) {
    const row = busiest.slice(from, from + 73);
    output.write(`  day ${String(from).padStart(4)}  ${curve(row, most)}  to ${from + row.length - 1}\n`);
  }
  output.write(`  busiest hour of each day, the highest mark is ${rate(most / 3600)}\n`);
  output.write(`  peak ${rate(peak)}, mean ${rate(mean)}: ${(peak / mean).toFixed(1)} to 1`);
  output.write(lapsed === 0 ? '; no certificate ended\n' : `; ${lapsed} certificates ended\n`);
}

const rate = (perSecond: number): string => `${perSecond.toPrecision(3)}/s`;

/** Counts as one character each, from nothing to `most`. */
function curve(counts: readonly number[], most: number): string {
  return counts
    .map((count) => blocks[count === 0 ? 0 : Math.max(1, Math.round((count / most) * (blocks.length - 1)))])
    .join('');
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`give a whole number from ${least} to ${most}`);
  };
}

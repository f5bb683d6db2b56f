import { type Incident, type Indicator, type IndicatorName, indicatorNames } from '@kydai/contracts';

type Moment = (incident: Incident) => number | undefined;

const discovery: Moment = ({ times }) => times.discovery?.at;
const responseBegun: Moment = ({ timeline }) => {
  const first = timeline.filter(
    ({ kind, code }) => code === 'run.started' || (kind === 'step' && code === 'step.done'),
  );
  return first.length === 0 ? undefined : Math.min(...first.map(({ at }) => at));
};

/** domain.md, "Indicators": from which time to which time each one runs. */
const spans: Readonly<Record<IndicatorName, { readonly from: Moment; readonly to: Moment }>> = {
  mttd: { from: ({ times }) => times.firstMaliciousAction?.at, to: discovery },
  mtta: { from: discovery, to: ({ times }) => times.opened?.at },
  mttc: { from: discovery, to: ({ times }) => times.containmentAchieved?.at },
  'mttr-recover': { from: discovery, to: ({ times }) => times.restorationAchieved?.at },
  'mttr-respond': { from: discovery, to: responseBegun },
};

/**
 * The five indicators over confirmed incidents, drills excluded, in milliseconds. Confirmed means taken in by a person
 * or a playbook and not called a false positive; an incident that no one has taken in counts for MTTA alone, as still
 * open. An incident enters a figure when both ends are known. Where the start is missing, or a source's clock puts it
 * after the end, it counts as unknown start; where the end has not come by `now`, as still open.
 *
 * The median of an even number is the mean of the middle two; p90 is the nearest rank.
 */
export function computeIndicators(incidents: readonly Incident[], now: number): Indicator[] {
  const real = incidents.filter(({ drill, state }) => !drill && state !== 'false-positive');
  return indicatorNames.map((name) => {
    const { from, to } = spans[name];
    const counted = real.filter(({ times }) => times.opened !== undefined || name === 'mtta');
    const figures: { readonly id: string; readonly length: number }[] = [];
    let unknownStart = 0;
    let stillOpen = 0;
    for (const incident of counted) {
      const start = from(incident);
      const end = to(incident);
      const reached = end !== undefined && end <= now;
      if (!reached && incident.state === 'closed') continue;
      if (start === undefined || (reached && start > end)) unknownStart += 1;
      else if (!reached) stillOpen += 1;
      else figures.push({ id: incident.id, length: end - start });
    }
    const lengths = figures.map(({ length }) => length).sort((a, b) => a - b);
    return {
      name,
      n: lengths.length,
      mean: lengths.length === 0 ? null : lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
      median: median(lengths),
      p90: lengths[Math.ceil(lengths.length * 0.9) - 1] ?? null,
      unknownStart,
      stillOpen,
      incidentIds: figures.map(({ id }) => id),
    };
  });
}

function median(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

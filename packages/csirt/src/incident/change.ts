import type { Incident, IncidentTime, IncidentTimeName, TimelineEntry } from '@kydai/contracts';

const kept = 300;
const keptFirst = 100;

/**
 * Adds to an incident's story.
 *
 * INVARIANT: a timeline holds at most 300 entries, the first 100 and the newest 200, so that no storm makes a record
 * that cannot be written; what was left out is in the audit log.
 */
export function tell(incident: Incident, ...entries: readonly TimelineEntry[]): Incident {
  const timeline = [...incident.timeline, ...entries.map(bounded)];
  return {
    ...incident,
    timeline:
      timeline.length <= kept
        ? timeline
        : [...timeline.slice(0, keptFirst), ...timeline.slice(timeline.length - (kept - keptFirst))],
  };
}

function bounded(entry: TimelineEntry): TimelineEntry {
  const values = Object.fromEntries(
    Object.entries(entry.values).map(([name, value]) => [name, value.slice(0, 4000)]),
  );
  return { ...entry, values };
}

/** Sets one of the nine times. */
export function setTime(incident: Incident, name: IncidentTimeName, time: IncidentTime): Incident {
  return { ...incident, times: { ...incident.times, [name]: time } };
}

/** Sets one of the nine times where it is not set yet. */
export function setTimeOnce(incident: Incident, name: IncidentTimeName, time: IncidentTime): Incident {
  return incident.times[name] === undefined ? setTime(incident, name, time) : incident;
}

import type { Incident, IncidentTime, IncidentTimeName, TimelineEntry } from '@kydai/contracts';

const kept = 300;
const keptFirst = 100;
const keptCharacters = 400_000;

/**
 * Adds to an incident's story.
 *
 * INVARIANT: a timeline holds at most 300 entries, the first 100 and the newest, and at most 400,000 characters, so that
 * no storm makes a record that cannot be written; what was left out is in the audit log.
 */
export function tell(incident: Incident, ...entries: readonly TimelineEntry[]): Incident {
  if (entries.length === 0) return incident;
  const timeline = [...incident.timeline, ...entries.map(bounded)];
  if (timeline.length > kept) timeline.splice(keptFirst, timeline.length - kept);
  let characters = timeline.reduce((sum, entry) => sum + sizeOf(entry), 0);
  while (characters > keptCharacters && timeline.length > 2) {
    const [left] = timeline.splice(Math.min(keptFirst, Math.floor(timeline.length / 2)), 1);
    characters -= sizeOf(left!);
  }
  return { ...incident, timeline };
}

function sizeOf(entry: TimelineEntry): number {
  const phrases = (entry.phrases ?? []).reduce((sum, { values }) => sum + lengthOf(values), 0);
  return 100 + lengthOf(entry.values) + phrases;
}

const lengthOf = (values: TimelineEntry['values']): number =>
  Object.values(values).reduce((sum, value) => sum + value.length, 0);

function bounded(entry: TimelineEntry): TimelineEntry {
  const values = Object.entries(entry.values).map(([name, value]) => [name, value.slice(0, 4000)]);
  return { ...entry, values: Object.fromEntries(values) };
}

/** Sets one of the nine times. */
export function setTime(incident: Incident, name: IncidentTimeName, time: IncidentTime): Incident {
  return { ...incident, times: { ...incident.times, [name]: time } };
}

/** Sets one of the nine times where it is not set yet. */
export function setTimeOnce(incident: Incident, name: IncidentTimeName, time: IncidentTime): Incident {
  return incident.times[name] === undefined ? setTime(incident, name, time) : incident;
}

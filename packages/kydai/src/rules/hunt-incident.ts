import {
  type Clock,
  type Detection,
  type EventStore,
  type HuntIncidentBody,
  type Incident,
  type RecordStore,
  type Signals,
  uuidv7,
} from '@kydai/contracts';
import { actOnIncident, createTriage } from '@kydai/csirt';
import type { z } from 'zod';
import { ShellError } from '../error.ts';

const categoryTag = 'kydai.category.';

/**
 * Opens an incident for what a hunt found, or adds it to the open one about the same entities. No playbook starts: what
 * is long past is for a person to judge.
 *
 * @throws ShellError `invalid` where one of the events is not stored
 */
export async function openHuntIncident(
  parts: {
    readonly records: RecordStore;
    readonly events: EventStore;
    readonly signals: Signals;
    readonly clock: Clock;
  },
  {
    rule,
    level,
    eventIds,
    eventCount,
    techniques,
    tags,
    entities,
    comment,
  }: z.output<typeof HuntIncidentBody>,
  by: string,
): Promise<Incident> {
  const { records, events, signals, clock } = parts;
  const found = await Promise.all(eventIds.map((id) => events.get(id)));
  const stored = found.filter((event) => event !== undefined);
  const missing = eventIds.find((_, index) => found[index] === undefined);
  if (missing !== undefined) throw new ShellError('invalid', `no event \`${missing}\` is stored`);
  const times = stored.map(({ time }) => time);
  const now = clock.now();
  const detection: Detection = {
    id: uuidv7(now),
    rule: {
      id: rule.id,
      title: rule.title,
      ...(rule.titleVi === undefined ? {} : { titleVi: rule.titleVi }),
    },
    // Triage never opens an incident for what only informs; a person who asks for one means it.
    level: level === 'informational' ? 'low' : level,
    time: Math.max(...times),
    firstEventTime: Math.min(...times),
    detected: now,
    eventIds,
    eventCount: Math.max(eventCount, eventIds.length),
    entities,
    techniques,
    tags: tags.some((tag) => tag.startsWith(categoryTag)) ? tags : [...tags, `${categoryTag}hunt`],
    drill: stored.some((event) => [true, 'true'].includes(event.fields.get('kydai.drill') as string)),
  };
  const { incident } = await createTriage({ records, clock, signals, playbooks: [] }).ingest(detection);
  if (incident === undefined) throw new ShellError('invalid', 'what was found opens no incident');
  const words = comment === '' ? `hunt: ${rule.title}` : comment;
  return actOnIncident(
    { records, clock, signals },
    { incidentId: incident.id, action: 'comment', comment: words, by },
  );
}

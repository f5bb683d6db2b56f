import {
  type AuditEntry,
  type Clock,
  type Detection,
  type EntityRef,
  formatEntityRef,
  type Incident,
  levels,
  type RecordStore,
  type Signals,
  type StoredRecord,
  type TimelineEntry,
  type Write,
  write,
} from '@kydai/contracts';
import { containmentTypes } from '../contain/step.ts';
import { tell } from '../incident/change.ts';
import { detections, incidents, type StartRequest, startKey, startRequests } from '../incident/kinds.ts';
import type { Playbook } from '../playbook/load.ts';
import { type Category, categorise, startsPlaybook } from './categorise.ts';
import { groupKeys, type TriageGroup, triageGroups } from './group.ts';
import { joinedBy, maximumEntities, openedBy } from './incident.ts';
import { Numbers } from './number.ts';

export interface TriageOptions {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly playbooks: readonly Playbook[];
  /** Detections further apart than this, in milliseconds, are not one incident. One hour unless told. */
  readonly window?: number;
}

/** One hour, in milliseconds. */
export const defaultWindow = 3_600_000;
const joinable: readonly Incident['state'][] = ['new', 'open', 'contained'];

/** What one commit will hold, built up detection by detection. */
export class Batch {
  readonly audit: AuditEntry[] = [];
  /** Ids of the detections that were not stored before. */
  readonly fresh = new Set<string>();
  readonly #options: TriageOptions;
  readonly #numbers: Numbers;
  readonly #detections: Detection[] = [];
  readonly #incidents = new Map<
    string,
    { incident: Incident; version: number | undefined; changed: boolean }
  >();
  readonly #groups = new Map<
    string,
    { group: TriageGroup | undefined; version: number | undefined; changed: boolean }
  >();
  readonly #starts: StartRequest[] = [];
  readonly #now: number;

  constructor(options: TriageOptions) {
    this.#options = options;
    this.#numbers = new Numbers(options.records);
    this.#now = options.clock.now();
  }

  async take(detection: Detection): Promise<{ incidentId?: string; created: boolean; start?: string }> {
    const { records, playbooks } = this.#options;
    const category = categorise(detection, playbooks);
    const known = this.fresh.has(detection.id) || (await records.get(detections, detection.id)) !== undefined;
    if (!known) {
      this.fresh.add(detection.id);
      this.#detections.push(detection);
    }
    if (category === undefined) return { created: false };

    const keys = groupKeys(detection, category);
    const found = await this.#find(keys, detection);
    if (known) return { created: false, ...(found === undefined ? {} : { incidentId: found.id }) };
    if (found === undefined && !category.opens) return { created: false };

    const full = found !== undefined && isFull(found, detection, category) ? found : undefined;
    const joined = full === undefined ? found : undefined;
    const created = joined === undefined;
    const before = new Set(joined?.entities.map(formatEntityRef));
    let incident =
      joined === undefined
        ? openedBy(detection, category, await this.#numbers.next(this.#now), this.#now)
        : joinedBy(joined, detection);
    if (full !== undefined) incident = this.#follow(full, incident);
    const start = this.#start(incident, detection, category, before);
    if (start !== undefined) {
      incident = tell(incident, {
        at: this.#now,
        kind: 'run',
        code: 'run.requested',
        values: { playbook: start, detection: detection.id },
        actor: 'system',
      });
    }
    this.#keep(incident, created);
    for (const key of keys) await this.#point(key, incident.id, detection.time);
    return { incidentId: incident.id, created, ...(start === undefined ? {} : { start }) };
  }

  incident(id: string): Incident | undefined {
    return this.#incidents.get(id)?.incident;
  }

  changed(): Incident[] {
    return [...this.#incidents.values()].filter(({ changed }) => changed).map(({ incident }) => incident);
  }

  writes(): Write[] {
    return [
      ...this.#detections.map((detection) => write.insert(detections, detection)),
      ...[...this.#incidents.values()]
        .filter(({ changed }) => changed)
        .map(({ incident, version }) =>
          version === undefined
            ? write.insert(incidents, incident)
            : write.update(incidents, incident, version),
        ),
      ...[...this.#groups.values()].flatMap(({ group, version, changed }) => {
        if (!changed || group === undefined) return [];
        return [
          version === undefined
            ? write.insert(triageGroups, group)
            : write.update(triageGroups, group, version),
        ];
      }),
      ...this.#starts.map((request) => write.put(startRequests, request)),
      ...this.#numbers.writes(),
    ];
  }

  /** The open incident that one of the keys points to, if its last detection under that key is near enough in time. */
  async #find(keys: readonly string[], detection: Detection): Promise<Incident | undefined> {
    const window = this.#options.window ?? defaultWindow;
    for (const key of keys) {
      const group = (await this.#group(key)).group;
      if (group === undefined || Math.abs(detection.time - group.last) > window) continue;
      const incident = await this.#load(group.incidentId);
      if (incident !== undefined && joinable.includes(incident.state)) return incident;
    }
    return undefined;
  }

  /** A playbook starts when the incident is new to it, and again when a detection names something else to contain. */
  #start(
    incident: Incident,
    detection: Detection,
    { playbook }: Category,
    before: ReadonlySet<string>,
  ): string | undefined {
    if (playbook === undefined || !startsPlaybook(detection, playbook)) return undefined;
    const requested =
      incident.runIds.length > 0 || incident.timeline.some(({ code }) => code === 'run.requested');
    const types = containmentTypes(playbook);
    const news = (ref: EntityRef): boolean => types.has(ref.type) && !before.has(formatEntityRef(ref));
    if (requested && !detection.entities.some(news)) return undefined;
    this.#starts.push({
      key: startKey(playbook.id, incident.id, detection.id),
      playbookId: playbook.id,
      incidentId: incident.id,
      detectionId: detection.id,
      at: this.#now,
    });
    return playbook.id;
  }

  /** The follow-up of an incident that can name no more; the story of each tells of the other. */
  #follow(full: Incident, next: Incident): Incident {
    const entry = (code: string, { id, number }: Incident): TimelineEntry => ({
      at: this.#now,
      kind: 'state',
      code,
      values: { number, incident: id },
      actor: 'system',
    });
    this.#keep(tell(full, entry('incident.continued-in', next)), false);
    return tell(next, entry('incident.continues', full));
  }

  #keep(incident: Incident, created: boolean): void {
    const held = this.#incidents.get(incident.id);
    this.#incidents.set(incident.id, { incident, version: held?.version, changed: true });
    if (!created) return;
    this.audit.push({
      at: this.#now,
      actor: 'system',
      action: 'incident.create',
      target: `incident:${incident.id}`,
      detail: {
        number: incident.number,
        category: incident.category,
        severity: levels.indexOf(incident.severity),
        detection: incident.detectionIds[0] ?? null,
        drill: incident.drill,
      },
    });
  }

  async #load(id: string): Promise<Incident | undefined> {
    const held = this.#incidents.get(id);
    if (held !== undefined) return held.incident;
    const stored: StoredRecord<Incident> | undefined = await this.#options.records.get(incidents, id);
    if (stored === undefined) return undefined;
    this.#incidents.set(id, { incident: stored.value, version: stored.version, changed: false });
    return stored.value;
  }

  async #group(
    key: string,
  ): Promise<{ group: TriageGroup | undefined; version: number | undefined; changed: boolean }> {
    let held = this.#groups.get(key);
    if (held === undefined) {
      const stored = await this.#options.records.get(triageGroups, key);
      held = { group: stored?.value, version: stored?.version, changed: false };
      this.#groups.set(key, held);
    }
    return held;
  }

  async #point(key: string, incidentId: string, time: number): Promise<void> {
    const held = await this.#group(key);
    const last = held.group?.incidentId === incidentId ? Math.max(held.group.last, time) : time;
    held.group = { key, incidentId, last };
    held.changed = true;
  }
}

/**
 * Whether the incident has no room for what the detection names and a playbook would contain. Entities are bounded, and
 * with them how often one incident starts its playbook: what does not fit is a follow-up incident's.
 */
function isFull(incident: Incident, detection: Detection, { playbook }: Category): boolean {
  if (playbook === undefined || !startsPlaybook(detection, playbook)) return false;
  const named = new Set(incident.entities.map(formatEntityRef));
  const news = detection.entities.filter((ref) => !named.has(formatEntityRef(ref)));
  if (named.size + news.length <= maximumEntities) return false;
  const types = containmentTypes(playbook);
  return news.some(({ type }) => types.has(type));
}

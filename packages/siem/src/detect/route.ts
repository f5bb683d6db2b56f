import type { Event, FieldValue } from '@kydai/contracts';
import type { LogSource } from '../rules/rule.ts';
import { streams, sysmonCategories, windowsChannels, windowsEvents } from './route-table.ts';

/** The log sources that one kind of event belongs to. Events of one stream meet the same rules. */
export interface Stream {
  /** Unique among streams; their number is bounded by the tables and the datasets that rules name. */
  readonly key: string;
  readonly products: readonly string[];
  readonly categories: readonly string[];
  readonly services: readonly string[];
}

/** Finds an event's stream. Rules may also name a dataset outright as their `service`. */
export class Router {
  readonly #streams = new Map<string, Stream>();
  readonly #named: ReadonlySet<string>;

  constructor(logsources: Iterable<LogSource>) {
    const named = new Set<string>();
    for (const { service, category } of logsources) {
      if (service !== undefined) named.add(service);
      if (category !== undefined) named.add(category);
    }
    this.#named = named;
  }

  route(event: Event): Stream {
    if (event.dataset === 'windows' || event.dataset.startsWith('windows.')) return this.#windows(event);
    let refine = '';
    const rows = streams.get(event.dataset);
    if (rows?.refine) refine = textOf(event.fields.get(rows.refine)) ?? '';
    // Own keys only: the value comes from an attacker, who may write `constructor`.
    const row = rows?.values && Object.hasOwn(rows.values, refine) ? rows.values[refine] : undefined;
    const key = row
      ? `${event.dataset}/${refine}`
      : rows || this.#named.has(event.dataset)
        ? event.dataset
        : '';
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const sets = [rows, row].flatMap((set) => set ?? []);
      stream = {
        key,
        products: unique(sets.flatMap((set) => set.products ?? [])),
        categories: unique([...sets.flatMap((set) => set.categories ?? []), ...(key ? [event.dataset] : [])]),
        services: unique([...sets.flatMap((set) => set.services ?? []), ...(key ? [event.dataset] : [])]),
      };
      this.#streams.set(key, stream);
    }
    return stream;
  }

  #windows(event: Event): Stream {
    const channel =
      textOf(event.fields.get('Channel') ?? event.fields.get('winlog.channel'))?.toLowerCase() ?? '';
    const id = textOf(event.fields.get('EventID') ?? event.fields.get('event.code')) ?? '';
    const service = windowsChannels.get(channel);
    const found = service === 'sysmon' ? sysmonCategories.get(id) : windowsEvents.get(`${service} ${id}`);
    const categories = found === undefined ? [] : typeof found === 'string' ? [found] : found(event);
    const key = `windows/${service ?? ''}/${categories.join('+')}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = { key, products: ['windows'], categories, services: service === undefined ? [] : [service] };
      this.#streams.set(key, stream);
    }
    return stream;
  }
}

/** True where everything that the rule's log source names fits the stream. */
export function fits(logsource: LogSource, stream: Stream): boolean {
  return (
    (logsource.product === undefined || stream.products.includes(logsource.product)) &&
    (logsource.category === undefined || stream.categories.includes(logsource.category)) &&
    (logsource.service === undefined || stream.services.includes(logsource.service))
  );
}

function textOf(value: FieldValue | undefined): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

import type { Event, FieldValue } from '@kydai/contracts';
import type { LogSource, SigmaRule } from '../rules/rule.ts';
import { type StreamRow, streams } from './route-table.ts';
import { sysmonCategories, windowsChannels, windowsEvents } from './route-table-windows.ts';

/** The log sources that one kind of event belongs to. Events of one stream meet the same rules. */
export interface Stream {
  /** Unique among streams; their number is bounded by the tables and the datasets that rules name. */
  readonly key: string;
  readonly products: readonly string[];
  readonly categories: readonly string[];
  readonly services: readonly string[];
}

interface DatasetStreams {
  readonly stream: Stream;
  /** The field whose value leads to a narrower stream. */
  readonly refine: string | undefined;
  readonly refined: ReadonlyMap<string, Stream>;
}

interface WindowsChannel {
  readonly service: string | undefined;
  readonly byId: Map<string, Stream>;
}

/** Finds an event's stream. Rules may also name a dataset outright as their `service`. */
export class Router {
  readonly #streams = new Map<string, Stream>();
  /** Windows channels as they are written, and the streams of the event ids that the tables name. */
  readonly #channels = new Map<string, WindowsChannel>();
  readonly #datasets = new Map<string, DatasetStreams>();
  readonly #named: ReadonlySet<string>;
  readonly #unknown = streamOf('', []);

  readonly #mapped = new Map<string, Set<LogSource>>();

  constructor(rules: Iterable<Pick<SigmaRule, 'logsource' | 'datasets'>>) {
    const named = new Set<string>();
    for (const { logsource, datasets = [] } of rules) {
      const { service, category } = logsource;
      if (service !== undefined) named.add(service);
      if (category !== undefined) named.add(category);
      for (const mapped of datasets) {
        const sources = this.#mapped.get(mapped.dataset) ?? new Set();
        this.#mapped.set(mapped.dataset, sources.add(mapped.logsource));
      }
    }
    this.#named = named;
  }

  route(event: Event): Stream {
    const { dataset } = event;
    const found = this.#datasets.get(dataset);
    if (found === undefined) return this.#firstOf(event);
    if (found.refine === undefined) return found.stream;
    const value = textOf(event.fields.get(found.refine));
    return (value === undefined ? undefined : found.refined.get(value)) ?? found.stream;
  }

  /** INVARIANT: only datasets of the table or of rules are remembered, so that senders cannot fill the memory. */
  #firstOf(event: Event): Stream {
    const { dataset } = event;
    if (dataset === 'windows' || dataset.startsWith('windows.')) return this.#windows(event);
    const rows = streams.get(dataset);
    const mapped = Array.from(this.#mapped.get(dataset) ?? [], rowOf);
    if (rows === undefined && mapped.length === 0 && !this.#named.has(dataset)) return this.#unknown;
    const own = { products: [], categories: [dataset], services: [dataset] };
    const refined = new Map(
      Object.entries(rows?.values ?? {}).map(([value, row]) => [
        value,
        streamOf(`${dataset}/${value}`, [rows!, row, own, ...mapped]),
      ]),
    );
    const entry = { refine: rows?.refine, refined, stream: streamOf(dataset, [rows ?? {}, own, ...mapped]) };
    this.#datasets.set(dataset, entry);
    return this.route(event);
  }

  #windows(event: Event): Stream {
    const { fields } = event;
    const channel = textOf(fields.get('Channel') ?? fields.get('winlog.channel')) ?? '';
    const id = textOf(fields.get('EventID') ?? fields.get('event.code')) ?? '';
    let known = this.#channels.get(channel);
    if (known === undefined) {
      const service = windowsChannels.get(channel.toLowerCase());
      known = { service, byId: new Map() };
      if (service !== undefined && this.#channels.size < 1000) this.#channels.set(channel, known);
    }
    const kept = known.byId.get(id);
    if (kept !== undefined) return kept;
    const { service } = known;
    const found = service === 'sysmon' ? sysmonCategories.get(id) : windowsEvents.get(`${service} ${id}`);
    if (typeof found === 'function') return this.#windowsStream(service, found(event));
    const stream = this.#windowsStream(service, found === undefined ? [] : [found]);
    if (found !== undefined) known.byId.set(id, stream);
    return stream;
  }

  #windowsStream(service: string | undefined, categories: readonly string[]): Stream {
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

/** The datasets whose events may meet a rule of this log source, as patterns with `*`. */
export function datasetsOf({
  logsource,
  datasets = [],
}: Pick<SigmaRule, 'logsource' | 'datasets'>): readonly string[] {
  const found = new Set<string>(datasets.map(({ dataset }) => dataset));
  const { product, category, service } = logsource;
  for (const [dataset, rows] of streams) {
    const own = { categories: [dataset], services: [dataset] };
    const variants = [[rows, own], ...Object.values(rows.values ?? {}).map((row) => [rows, row, own])];
    if (variants.some((variant) => fits(logsource, streamOf('', variant)))) found.add(dataset);
  }
  if (product === undefined || product === 'windows') {
    found.add('windows');
    found.add('windows.*');
  }
  if (product === undefined) for (const name of [category, service]) if (name !== undefined) found.add(name);
  return [...found];
}

function textOf(value: FieldValue | undefined): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

function streamOf(key: string, rows: readonly StreamRow[]): Stream {
  return {
    key,
    products: unique(rows.flatMap((row) => row.products ?? [])),
    categories: unique(rows.flatMap((row) => row.categories ?? [])),
    services: unique(rows.flatMap((row) => row.services ?? [])),
  };
}

function rowOf({ product, category, service }: LogSource): StreamRow {
  return {
    products: product === undefined ? [] : [product],
    categories: category === undefined ? [] : [category],
    services: service === undefined ? [] : [service],
  };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** A flat Elastic Common Schema value. Lists are allowed where the schema allows them (`related.ip`, `event.category`). */
export type FieldValue = string | number | boolean | null | readonly string[];

/**
 * The fields of an event, by dotted ECS name. A `Map` is one; on the hot path it may instead be a view over the raw
 * frame whose strings are made when asked for.
 */
export interface Fields {
  get(name: string): FieldValue | undefined;
  entries(): Iterable<readonly [string, FieldValue]>;
  /** Visits what `entries` gives, without making pairs of it. */
  forEach(visit: (value: FieldValue, name: string) => void): void;
}

/** One thing that happened, as a source told it. Times are epoch milliseconds. */
export interface Event {
  /** UUIDv7, made when the event was received. */
  readonly id: string;
  /** When it happened, by the source's clock (or `received`, where the source gave no usable time). */
  readonly time: number;
  /** When it reached us, by our clock. */
  readonly received: number;
  /** The ledger's name of where it came from, such as `syslog-udp/10.1.2.3`. */
  readonly source: string;
  /** ECS `event.dataset`, such as `sshd.auth`, `nginx.access`, `camera.log`; `raw` where nothing could be parsed. */
  readonly dataset: string;
  readonly fields: Fields;
  /** The original line as text; invalid UTF-8 is replaced and flagged in `error.message`. */
  readonly raw: string;
}

/** An event as it travels over HTTP and in files: plain JSON, times as RFC 3339, fields as one flat object. */
export interface EventDocument {
  readonly id: string;
  readonly time: string;
  readonly received: string;
  readonly source: string;
  readonly dataset: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly raw: string;
}

/** The wire form of an event. */
export function toEventDocument(event: Event): EventDocument {
  return {
    id: event.id,
    time: new Date(event.time).toISOString(),
    received: new Date(event.received).toISOString(),
    source: event.source,
    dataset: event.dataset,
    fields: Object.fromEntries(event.fields.entries()),
    raw: event.raw,
  };
}

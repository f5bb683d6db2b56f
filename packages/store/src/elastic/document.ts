import { createHash } from 'node:crypto';
import type { Event, FieldValue } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';
import { columnTypes } from '../filter/columns.ts';
import { checkEvent, maxEventBytes } from '../lake/accept.ts';
import { addTerms, cut, pieces } from './terms.ts';

/** Elasticsearch's date type prints years of four digits; what is outside is clamped there and exact in `kydai.time`. */
const lastDate = Date.UTC(9999, 11, 31);

/** An event as a line of the bulk interface. */
export interface BulkDocument {
  /** What makes storing it twice impossible. */
  readonly key: string;
  readonly text: string;
}

/** Elasticsearch bounds document ids at 512 bytes. */
export function documentKey(id: string): string {
  return Buffer.byteLength(id) <= 512 ? id : `sha256:${createHash('sha256').update(id).digest('hex')}`;
}

function clean(value: FieldValue): FieldValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'object' && value !== null) return value.map((one) => String(one).toWellFormed());
  return value ?? null;
}

const object = (entries: readonly string[]) => `{${entries.join(',')}}`;
const entry = (name: string, value: unknown) =>
  `${JSON.stringify(name.toWellFormed())}:${JSON.stringify(value)}`;

/**
 * Writes an event as a document: known ECS fields by their flat dotted names where the value fits the mapping, all
 * others in `kydai.rest`, which is kept and not mapped. `plain` leaves out everything but what is needed to read the
 * event back and to find it by our queries. Throws `invalid-event`.
 */
export function toDocument(event: Event, plain = false): BulkDocument {
  checkEvent(event);
  const { id, source, dataset } = event;
  const time = Math.round(event.time);
  const received = Math.round(event.received);
  const raw = event.raw.toWellFormed();
  const own = [
    entry('@timestamp', new Date(Math.min(Math.max(time, 0), lastDate)).toISOString()),
    entry('event.dataset', dataset.toWellFormed()),
    entry('event.original', raw),
    entry('kydai.id', id.toWellFormed()),
    entry('kydai.time', time),
    entry('kydai.received', received),
    // As old as its receipt where its time lies in the future: what retention goes by.
    entry('kydai.age', Math.min(time, received)),
    entry('kydai.source', source.toWellFormed()),
  ];
  const rest: string[] = [];
  const terms: string[] = [];
  const values: string[] = [];
  const names = [
    ['id', id],
    ['source', source],
    ['dataset', dataset],
  ] as const;
  for (const [name, value] of names) {
    addTerms(terms, name, value);
    if (name !== 'id') addValues(values, name, value);
  }
  addTerms(terms, 'raw', raw, false);
  for (const [name, given] of event.fields.entries()) {
    const value = clean(given);
    const type = plain ? undefined : columnTypes.get(name);
    if (type === 'text' ? typeof value === 'string' : type === 'integer' && Number.isSafeInteger(value))
      own.push(entry(name, value));
    else rest.push(entry(name, value));
    if (!plain && name === 'kydai.drill' && typeof value === 'boolean')
      own.push(entry('kydai.is_drill', value));
    if (!plain && name === 'kydai.drill.id' && typeof value === 'string')
      own.push(entry('kydai.drill_id', value));
    if (shadowed.has(name)) continue;
    addTerms(terms, name, value);
    addValues(values, name, value);
  }
  if (rest.length > 0) own.push(`"kydai.rest":${object(rest)}`);
  const stored = own.join(',');
  if (stored.length > maxEventBytes) {
    throw new StoreError(
      'invalid-event',
      `event ${quote(id)} is larger than ${maxEventBytes} bytes; split or shorten it`,
    );
  }
  const asked = [
    entry('kydai.terms', terms),
    entry('kydai.values', values),
    entry('kydai.text', pieces(raw)),
  ];
  return { key: documentKey(id.toWellFormed()), text: `{${stored},${asked.join(',')}}` };
}

/** Fields that have the name of something that the event itself has: that is what queries mean. */
const shadowed = new Set(['id', 'source', 'dataset', 'event.dataset', 'raw']);

function addValues(values: string[], name: string, value: FieldValue): void {
  if (value === null || name.length > 256) return;
  const texts = typeof value === 'object' ? value : [value];
  for (const text of texts) values.push(`${name}\0${cut(String(text), 8_000)}`);
}

/** Reads an event back from a document's source. */
export function fromDocument(source: Readonly<Record<string, unknown>>): Event {
  const fields = new Map<string, FieldValue>();
  for (const [name, value] of Object.entries(source)) {
    if (columnTypes.has(name)) fields.set(name, value as FieldValue);
  }
  const rest = source['kydai.rest'] as Record<string, FieldValue> | undefined;
  if (rest !== undefined) for (const [name, value] of Object.entries(rest)) fields.set(name, value);
  return {
    id: String(source['kydai.id']),
    time: Number(source['kydai.time']),
    received: Number(source['kydai.received']),
    source: String(source['kydai.source']),
    dataset: String(source['event.dataset']),
    fields,
    raw: String(source['event.original']),
  };
}

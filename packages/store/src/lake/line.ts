import type { Event, FieldValue } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';
import { type ColumnType, columnTypes } from '../filter/columns.ts';

/** An event as one line of JSON, in the shape of the lake's columns. */
export const maxEventBytes = 8 * 1024 * 1024;
const maxTime = 8.64e15;
const maxText = 1_024;

interface Known {
  readonly type: ColumnType;
  /** Whether a line of this process had a value in the column. */
  used: boolean;
  /** `,"name":` */
  readonly key: string;
}

const known = new Map<string, Known>(
  [...columnTypes].map(([name, type]) => [name, { type, used: false, key: `,${JSON.stringify(name)}:` }]),
);

function use(column: Known): Known {
  column.used = true;
  return column;
}

/** The columns that lines written or read back by this process have values in: the conversion reads no others. */
export function usedColumns(): ReadonlySet<string> {
  return new Set([...known].filter(([, { used }]) => used).map(([name]) => name));
}

/** Printable ASCII without quotes and backslashes: most texts of most logs, and their own JSON. */
const plain = /^[ !#-[\]-~]*$/;

/** A text as JSON that DuckDB reads too: it refuses lone surrogates, which are replaced. */
function json(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

function value(field: FieldValue): string {
  if (typeof field === 'string') return json(field);
  if (typeof field === 'number') return Number.isFinite(field) ? String(field) : 'null';
  if (typeof field === 'boolean') return field ? 'true' : 'false';
  if (field === null || field === undefined) return 'null';
  return `[${Array.from(field, (one) => json(String(one))).join(',')}]`;
}

/**
 * Writes an event as a line with its line feed. Throws `invalid-event` where its id, source, dataset or times cannot be
 * stored, or where it is larger than 8 MiB.
 */
export function encodeLine(event: Event): string {
  const { id, time, received, source, dataset } = event;
  checkEvent(event);
  let line = `{"id":${json(id)},"time":${Math.round(time)},"received":${Math.round(received)},"source":${json(source)},"dataset":${json(dataset)}`;
  let odd = '';
  let rest = '';
  for (const [name, field] of event.fields.entries()) {
    const column = known.get(name);
    if (column === undefined) rest += `,${json(name)}:${value(field)}`;
    else if (column.type === 'text' && typeof field === 'string') line += use(column).key + json(field);
    else if (column.type === 'integer' && Number.isSafeInteger(field))
      line += use(column).key + String(field);
    else odd += `${column.key}${value(field)}`;
  }
  if (odd !== '') line += `,"odd":{${odd.slice(1)}}`;
  if (rest !== '') line += `,"rest":{${rest.slice(1)}}`;
  line += `,"raw":${json(event.raw)}}\n`;
  if (line.length > maxEventBytes) {
    throw new StoreError(
      'invalid-event',
      `event ${quote(id)} is larger than ${maxEventBytes} bytes; split or shorten it`,
    );
  }
  return line;
}

export function checkEvent({ id, time, received, source, dataset, raw }: Event): void {
  const text = (name: string, given: unknown, least: number) => {
    if (typeof given !== 'string' || given.length < least || given.length > maxText) {
      throw new StoreError(
        'invalid-event',
        `the ${name} of event ${quote(String(id))} must be text of ${least} to ${maxText} characters`,
      );
    }
  };
  text('id', id, 1);
  text('source', source, 0);
  text('dataset', dataset, 0);
  for (const [name, given] of [
    ['time', time],
    ['received', received],
  ] as const) {
    if (!(Math.abs(given) <= maxTime)) {
      throw new StoreError(
        'invalid-event',
        `the ${name} of event ${quote(id)} is not a time in epoch milliseconds`,
      );
    }
  }
  if (typeof raw !== 'string')
    throw new StoreError('invalid-event', `the raw line of event ${quote(id)} is not text`);
}

/** The columns of one stored row, by name; JSON columns still as text or already read. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** Makes an event of a row of Parquet or of a line of the write-ahead log. */
export function toEvent(row: StoredRow): Event {
  const fields = new Map<string, FieldValue>();
  for (const [name, type] of columnTypes) {
    const field = row[name];
    if (field === null || field === undefined) continue;
    fields.set(name, type === 'text' ? String(field) : Number(field));
    known.get(name)!.used = true;
  }
  for (const more of [row['odd'], row['rest']]) {
    if (more === null || more === undefined) continue;
    const object = (typeof more === 'string' ? JSON.parse(more) : more) as Record<string, FieldValue>;
    for (const name of Object.keys(object)) fields.set(name, object[name]!);
  }
  return {
    id: String(row['event_id'] ?? row['id']),
    time: Number(row['time']),
    received: Number(row['received']),
    source: String(row['source']),
    dataset: String(row['dataset']),
    fields,
    raw: String(row['raw']),
  };
}

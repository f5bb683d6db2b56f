import type { Event, FieldValue } from '@kydai/contracts';
import { columnTypes } from '../filter/columns.ts';

/** The columns of one row of Parquet, by name. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** Makes an event of a row of Parquet. */
export function toEvent(row: StoredRow): Event {
  const fields = new Map<string, FieldValue>();
  for (const [name, type] of columnTypes) {
    const field = row[name];
    if (field === null || field === undefined) continue;
    fields.set(name, type === 'text' ? String(field) : Number(field));
  }
  for (const more of [row['odd'], row['rest']]) {
    if (more === null || more === undefined) continue;
    const object = JSON.parse(String(more)) as Record<string, FieldValue>;
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

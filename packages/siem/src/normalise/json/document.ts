import type { FieldValue } from '@kydai/contracts';
import type { Draft } from '../fields.ts';
import { readIsoTime, type ZoneOffset } from '../syslog/time.ts';
import { readAuditbeat } from './auditbeat.ts';
import { readCloud } from './cloud.ts';
import { flatten } from './flatten.ts';
import { readSensor } from './sensors.ts';
import { isWindows, nameData, renameWindows } from './windows.ts';

/** Where documents say when it happened, in order of preference. */
const timeNames = ['@timestamp', 'timestamp', 'event.start', 'event.created', 'time', 'ts', 'date'] as const;
/** What a shipper of ours says about a document; no fields of it. */
const marks: ReadonlySet<string> = new Set(['kydai.drill', 'kydai.drill.id', 'kydai.columns']);
const datasetName = /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/;

/**
 * Reads a JSON document into the draft: flat names, its time, its dataset (`event.dataset` or `data_stream.dataset`
 * where the sender names one; `windows` for Windows events, that of a cloud service for its own; else `json`). Returns whether it named a time.
 */
export function readDocument(draft: Draft, document: object, zone: ZoneOffset): boolean {
  const flat = flatten(nameData(document));
  let fields: ReadonlyMap<string, FieldValue> = flat.fields;
  let dataset = 'json';
  const windows = isWindows(fields);
  if (windows) {
    fields = renameWindows(fields);
    dataset = 'windows';
  }
  const sensor = windows ? undefined : readSensor(fields);
  if (sensor) ({ dataset, fields } = sensor);
  const cloud = windows || sensor ? undefined : readCloud(fields);
  if (cloud) ({ dataset, fields } = cloud);
  const audited = windows || sensor || cloud ? undefined : readAuditbeat(fields);
  if (audited) ({ dataset, fields } = audited);
  const named = fields.get('event.dataset') ?? fields.get('data_stream.dataset');
  if (
    !windows &&
    !cloud &&
    !audited &&
    typeof named === 'string' &&
    named.length <= 64 &&
    named !== 'generic' &&
    datasetName.test(named)
  ) {
    dataset = named;
  }
  const own = cloud?.time === undefined ? Number.NaN : readTime(cloud.time, () => 0);
  const read = Number.isNaN(own) ? documentTime(fields, zone) : own;
  const timed = !Number.isNaN(read);
  if (timed) draft.happened(read);
  draft.dataset = dataset;
  const taken = new Set(draft.fields.names);
  for (const [name, value] of fields) {
    if (marks.has(name) || taken.has(name)) continue;
    draft.fields.add(name, value);
  }
  const drill = fields.get('kydai.drill') ?? fields.get('kydai.drill.id');
  if (drill !== undefined && drill !== null && drill !== false && drill !== '') {
    const id = fields.get('kydai.drill.id');
    draft.fields.set('kydai.drill', true);
    draft.fields.set('kydai.drill.id', String(drill === true ? (id ?? 'unnamed') : drill));
  }
  if (flat.cut) draft.fields.set('error.message', 'document is larger than the limits; see the raw line');
  draft.parsed = fields.size > 0;
  return timed;
}

function documentTime(fields: ReadonlyMap<string, FieldValue>, zone: ZoneOffset): number {
  for (const name of timeNames) {
    const value = fields.get(name);
    if (value === undefined) continue;
    const ms = readTime(value, zone);
    if (!Number.isNaN(ms)) return ms;
  }
  return Number.NaN;
}

/** A time as RFC 3339 text, or as seconds, milliseconds, microseconds or nanoseconds since 1970 by its size. */
export function readTime(value: FieldValue, zone: ZoneOffset): number {
  if (typeof value === 'string') {
    const iso = readIsoTime(value, 0);
    if (iso && iso.end === value.length) return iso.zoned ? iso.ms : iso.ms - zone(iso.ms);
    if (!/^\d{9,19}(?:\.\d+)?$/.test(value)) return Number.NaN;
    return readTime(Number(value), zone);
  }
  if (typeof value !== 'number' || !(value > 1e8)) return Number.NaN;
  let ms = value < 1e11 ? value * 1000 : value;
  while (ms >= 1e14) ms /= 1000;
  return Math.floor(ms);
}

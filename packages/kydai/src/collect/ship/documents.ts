import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

/** One thing to ship: what it is, and an id by which it is known again when it is sent twice. */
export interface Parcel {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A line that is a JSON object is the event; any other is its message. With it goes the header of its file, where that
 * has one: the collector then needs no memory of the file to read the line, whatever is killed or comes twice.
 */
export function parcelOf(line: string, path: string, id: string, columns = ''): Parcel {
  const about = {
    'event.id': id,
    'log.file.path': path,
    'agent.type': 'kydai-ship',
    'agent.name': hostname(),
  };
  if (line.startsWith('{')) {
    try {
      const own: unknown = JSON.parse(line);
      if (typeof own === 'object' && own !== null) return { id, fields: { ...own, ...about } };
    } catch {
      // Not JSON after all.
    }
  }
  return { id, fields: { ...about, message: line, ...(columns !== '' && { 'kydai.columns': columns }) } };
}

/** The same for the same place of the same shipper, and for no other. */
export function idOf(...place: readonly (string | number)[]): string {
  return createHash('sha256').update(place.join('\0')).digest('base64url').slice(0, 22);
}

/**
 * A parcel as one syslog message (RFC 5424): a line that is one already stays as it is, anything else becomes the MSG of
 * one, with its id as structured data. The same parcel is the same message whenever it is sent, so that it is known
 * again: it names no time, but what the line says itself.
 */
export function syslogMessageOf({ id, fields }: Parcel): string {
  const { message, 'kydai.columns': columns } = fields;
  const text = typeof message === 'string' ? message : JSON.stringify(fields);
  if (/^<\d{1,3}>/.test(text)) return text;
  const host =
    hostname()
      .replace(/[^\x21-\x7e]/g, '_')
      .slice(0, 255) || '-';
  const read = typeof columns === 'string' ? ` columns="${columns.replace(/["\\\]]/g, '\\$&')}"` : '';
  return `<13>1 - ${host} kydai-ship - - [ship@32473 id="${id}"${read}] ${text}`;
}

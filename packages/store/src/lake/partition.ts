import type { Frame } from './frame.ts';
import { idBytes, readUuid } from './ids.ts';
import { record } from './record.ts';
import { Records } from './stored.ts';

/** A write-ahead segment with the frames that were found in it. */
export interface ReadSegment {
  readonly content: Buffer;
  readonly frames: readonly Frame[];
}

/** The records of some segments as rows of numbers: nothing is made of them yet. */
export interface Rows {
  readonly count: number;
  readonly records: readonly Records[];
  /** By records: the segment, and the byte at which its texts begin. */
  readonly places: readonly { readonly segment: number; readonly text: number }[];
  /** By row: which records, and the word at which it begins there. */
  readonly frame: Uint32Array;
  readonly start: Uint32Array;
  readonly time: Float64Array;
  /** By row: the id as 16 bytes, and whether it is a UUID. */
  readonly ids: Buffer;
  readonly isUuid: Uint8Array;
  readonly parts: readonly Part[];
}

/** What goes into one file. */
export interface Part {
  readonly day: number;
  /** Null where several share the file. */
  readonly dataset: string | null;
  /** Its rows by time. */
  readonly rows: Uint32Array;
  /** By code: whether a row has a value there. */
  readonly used: Uint8Array;
}

const day = 86_400_000;
/** Partitions of one conversion that get a file of their own; the rest share one, so that nobody can make thousands. */
const maxParts = 64;

interface Open {
  readonly day: number;
  readonly dataset: string;
  count: number;
  readonly used: Uint8Array;
}

/** Finds the rows of segments, and which belong together: those of one day and dataset. */
export function partition(segments: readonly ReadSegment[]): Rows {
  const count = segments.reduce(
    (sum, { frames }) => sum + frames.reduce((all, { events }) => all + events, 0),
    0,
  );
  const records: Records[] = [];
  const places: { segment: number; text: number }[] = [];
  const frame = new Uint32Array(count);
  const start = new Uint32Array(count);
  const time = new Float64Array(count);
  const ids = Buffer.alloc(count * idBytes);
  const isUuid = new Uint8Array(count);
  const partOf = new Uint32Array(count);
  const open: Open[] = [];
  const byName = new Map<string, number>();
  let row = 0;
  for (const [segment, { content, frames }] of segments.entries()) {
    for (const one of frames) {
      const some = new Records(content, one);
      const { words, text } = some;
      // A dataset's name lies at one place in a frame, and mostly is of one day.
      const known = new Map<number, { day: number; part: number }>();
      for (let at = 0; at < words.length; at += words[at]!) {
        const when = some.integerAt(at + record.time);
        const received = some.integerAt(at + record.received);
        const filed = Math.floor(
          (when >= received - 7 * day && when <= received + day ? when : received) / day,
        );
        const named = words[at + record.dataset]!;
        let filedIn = known.get(named);
        if (filedIn?.day !== filed) {
          const dataset = some.textAt(at + record.dataset);
          const name = `${filed} ${dataset}`;
          let found = byName.get(name);
          if (found === undefined) {
            found = open.push({ day: filed, dataset, count: 0, used: new Uint8Array(256) }) - 1;
            byName.set(name, found);
          }
          filedIn = { day: filed, part: found };
          known.set(named, filedIn);
        }
        const part = open[filedIn.part]!;
        part.count++;
        const end = at + words[at]!;
        for (let field = at + record.fields; field < end; ) {
          const code = words[field]! & 255;
          part.used[code] = 1;
          field += (code & 1) === 1 ? 3 : 2;
        }
        isUuid[row] = Number(
          readUuid(text, words[at + record.id]!, words[at + record.id + 1]!, ids, row * idBytes),
        );
        frame[row] = records.length;
        start[row] = at;
        time[row] = when;
        partOf[row] = filedIn.part;
        row++;
      }
      records.push(some);
      places.push({ segment, text: text.byteOffset - content.byteOffset });
    }
  }
  const parts = share(open, partOf).map((part) => ({ ...part, rows: byTime(part.rows, time) }));
  return { count, records, places, frame, start, time, ids, isUuid, parts };
}

/** Gives the largest partitions their rows, and one for all others. */
function share(open: readonly Open[], partOf: Uint32Array): Part[] {
  const largest = [...open.keys()].sort((a, b) => open[b]!.count - open[a]!.count || a - b);
  const alone = largest.slice(0, open.length > maxParts ? maxParts - 1 : maxParts);
  const others = largest.slice(alone.length);
  const place = new Uint32Array(open.length).fill(alone.length);
  for (const [at, part] of alone.entries()) place[part] = at;
  const rest = others.reduce((sum, part) => sum + open[part]!.count, 0);
  const rows = [...alone.map((part) => new Uint32Array(open[part]!.count)), new Uint32Array(rest)];
  const next = new Uint32Array(rows.length);
  for (let row = 0; row < partOf.length; row++) {
    const to = place[partOf[row]!]!;
    rows[to]![next[to]!++] = row;
  }
  const parts: Part[] = alone.map((part, at) => {
    const { day, dataset, used } = open[part]!;
    return { day, dataset, used, rows: rows[at]! };
  });
  if (rest === 0) return parts;
  const used = new Uint8Array(256);
  for (const part of others) for (const [code, one] of open[part]!.used.entries()) used[code]! |= one;
  const first = Math.min(...others.map((part) => open[part]!.day));
  return [...parts, { day: first, dataset: null, used, rows: rows.at(-1)! }];
}

function byTime(rows: Uint32Array, time: Float64Array): Uint32Array {
  for (let at = 1; at < rows.length; at++)
    if (time[rows[at]!]! < time[rows[at - 1]!]!) return rows.sort((a, b) => time[a]! - time[b]! || a - b);
  return rows;
}

/** All rows as they came, as if they were of one file. */
export function everyRow({ count }: Rows): Part['rows'] {
  return Uint32Array.from({ length: count }, (_, row) => row);
}

import type { Event, FieldValue } from '@kydai/contracts';
import { type ColumnType, integerColumns, textColumns } from '../filter/columns.ts';
import { checkEvent, maxEventBytes, tooLarge } from './accept.ts';
import { finishFrame, frameBytes, frameHeader } from './frame.ts';

/**
 * How an event lies in a frame: as 32-bit words that say where its texts are in the bytes behind all words.
 *
 *     0       words of this record
 *     1, 2    the id: byte and length
 *     3, 4    the time, a 64-bit integer of epoch milliseconds, low word first
 *     5, 6    the time of receipt
 *     7 - 12  source, dataset and raw line: byte and length of each
 *     13 ...  the fields
 *
 * A field that has a column begins with a word that holds the column's code in its lowest byte. Behind a text's code is
 * its length (in the same word) and then its byte; behind an integer's are its two words. `odd` and `rest` are texts of
 * JSON. A text that the frame has already is not written again.
 */
export const record = { id: 1, time: 3, received: 5, source: 7, dataset: 9, raw: 11, fields: 13 } as const;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * The columns by code: even ones are texts, odd ones integers. INVARIANT: a column keeps its code for ever, so that a
 * newer program reads the segments of an older one.
 */
export const oddCode = 252;
export const restCode = 254;
export const columnByCode: readonly (Column | undefined)[] = codes();

function codes(): (Column | undefined)[] {
  const all = new Array<Column | undefined>(256).fill(undefined);
  for (const [at, name] of textColumns.entries()) all[2 * at] = { name, type: 'text' };
  for (const [at, name] of integerColumns.entries()) all[2 * at + 1] = { name, type: 'integer' };
  all[oddCode] = { name: 'odd', type: 'text' };
  all[restCode] = { name: 'rest', type: 'text' };
  return all;
}

const codeByColumn: ReadonlyMap<string, number> = new Map(
  columnByCode.flatMap((column, code) =>
    column === undefined || code >= oddCode ? [] : [[column.name, code] as const],
  ),
);

/** The code of a field that has a column. */
export function codeOf(name: string): number | undefined {
  return codeByColumn.get(name);
}

let words = new Int32Array(1 << 16);
/** By code, the text that the frame wrote last in that column, and where. */
const lastText = new Array<string | undefined>(256);
const lastAt = new Int32Array(256);
const sourceCode = 253;
const datasetCode = 255;

/**
 * Writes events as one frame, which needs only the marker of its segment (`markFrame`). Throws `invalid-event` where an id, source, dataset or time cannot be stored, or where an
 * event is larger than 8 MiB. Lone surrogates become U+FFFD, numbers that are not finite null.
 */
export function encodeFrame(events: readonly Event[]): Buffer {
  let text = '';
  let at = 0;
  lastText.fill(undefined);
  for (const event of events) {
    checkEvent(event);
    if (at + 1_024 > words.length) {
      const more = new Int32Array(words.length * 2);
      more.set(words);
      words = more;
    }
    const start = at;
    const begin = text.length;
    const id = wellFormed(event.id);
    const source = wellFormed(event.source);
    const dataset = wellFormed(event.dataset);
    const raw = wellFormed(event.raw);
    words[start + record.id] = text.length;
    words[start + record.id + 1] = id.length;
    text += id;
    putTime(start + record.time, event.time);
    putTime(start + record.received, event.received);
    if (lastText[sourceCode] !== source) {
      lastText[sourceCode] = source;
      lastAt[sourceCode] = text.length;
      text += source;
    }
    words[start + record.source] = lastAt[sourceCode]!;
    words[start + record.source + 1] = source.length;
    if (lastText[datasetCode] !== dataset) {
      lastText[datasetCode] = dataset;
      lastAt[datasetCode] = text.length;
      text += dataset;
    }
    words[start + record.dataset] = lastAt[datasetCode]!;
    words[start + record.dataset + 1] = dataset.length;
    words[start + record.raw] = text.length;
    words[start + record.raw + 1] = raw.length;
    text += raw;
    at += record.fields;
    let odd = '';
    let rest = '';
    for (const [name, given] of event.fields.entries()) {
      const code = codeByColumn.get(name);
      if (code === undefined) {
        rest += `,${json(name)}:${jsonValue(given)}`;
      } else if ((code & 1) === 0 && typeof given === 'string') {
        const value = wellFormed(given);
        if (lastText[code] !== value) {
          lastText[code] = value;
          lastAt[code] = text.length;
          text += value;
        }
        words[at++] = code | (value.length << 8);
        words[at++] = lastAt[code]!;
      } else if ((code & 1) === 1 && Number.isSafeInteger(given)) {
        words[at++] = code;
        putTime(at, given as number);
        at += 2;
      } else {
        odd += `,${json(name)}:${jsonValue(given)}`;
      }
      if (at - start > 900) throw tooLarge(id);
    }
    if (odd !== '') {
      words[at++] = oddCode | ((odd.length + 1) << 8);
      words[at++] = text.length;
      text += `{${odd.slice(1)}}`;
    }
    if (rest !== '') {
      words[at++] = restCode | ((rest.length + 1) << 8);
      words[at++] = text.length;
      text += `{${rest.slice(1)}}`;
    }
    if (text.length - begin > maxEventBytes) throw tooLarge(id);
    words[start] = at - start;
  }
  const shape = { words: at, text: Buffer.byteLength(text), events: events.length };
  const frame = Buffer.allocUnsafeSlow(frameBytes(shape));
  const body = frameHeader + at * 4;
  if (shape.text === text.length) frame.write(text, body, 'latin1');
  else {
    moveToBytes(text, at);
    frame.write(text, body, 'utf8');
  }
  frame.fill(0, body + shape.text);
  frame.set(new Uint8Array(words.buffer, 0, at * 4), frameHeader);
  finishFrame(frame, shape);
  return frame;
}

function putTime(at: number, value: number): void {
  const whole = Math.round(value);
  words[at] = whole | 0;
  words[at + 1] = Math.floor(whole / 0x1_0000_0000);
}

/** Turns places and lengths in UTF-16 units into those of bytes. */
function moveToBytes(text: string, end: number): void {
  const bytes = new Uint32Array(text.length + 1);
  let total = 0;
  for (let at = 0; at < text.length; at++) {
    bytes[at] = total;
    const unit = text.charCodeAt(at);
    if (unit < 0x80) total += 1;
    else if (unit < 0x800) total += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      // Both halves of a pair begin where the pair does: no text of an event is cut between them.
      total += 4;
      bytes[++at] = total;
    } else total += 3;
  }
  bytes[text.length] = total;
  const move = (at: number, length: number) => bytes[at + length]! - bytes[at]!;
  for (let start = 0; start < end; start += words[start]!) {
    for (const pair of [record.id, record.source, record.dataset, record.raw]) {
      const place = words[start + pair]!;
      words[start + pair + 1] = move(place, words[start + pair + 1]!);
      words[start + pair] = bytes[place]!;
    }
    const last = start + words[start]!;
    for (let at = start + record.fields; at < last; ) {
      const word = words[at]!;
      if ((word & 1) === 1) at += 3;
      else {
        const place = words[at + 1]!;
        words[at] = (word & 255) | (move(place, word >>> 8) << 8);
        words[at + 1] = bytes[place]!;
        at += 2;
      }
    }
  }
}

/** Halves of pairs that stand alone would meet others where texts are put together. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** Printable ASCII without quotes and backslashes: most texts of most logs, and their own JSON. */
const plain = /^[ !#-[\]-~]*$/;

/** A text as JSON that DuckDB reads too: it refuses lone surrogates, which are replaced. */
function json(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return JSON.stringify(wellFormed(text));
}

function jsonValue(field: FieldValue): string {
  if (typeof field === 'string') return json(field);
  if (typeof field === 'number') return Number.isFinite(field) ? String(field) : 'null';
  if (typeof field === 'boolean') return field ? 'true' : 'false';
  if (field === null || field === undefined) return 'null';
  return `[${Array.from(field, (one) => json(String(one))).join(',')}]`;
}

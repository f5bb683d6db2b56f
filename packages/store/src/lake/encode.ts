import type { Event, FieldValue } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { checkEvent, maxEventBytes, tooLarge } from './accept.ts';
import { finishFrame, frameBytes, frameHeader } from './frame.ts';
import { codeOf, oddCode, record, restCode } from './record.ts';
import { member, RestTexts } from './rest.ts';

/** The frame that is being made: its words, and its texts as bytes. Kept from one to the next. */
let words = new Int32Array(1 << 16);
let at = 0;
let texts = Buffer.allocUnsafeSlow(1 << 20);
let used = 0;
/** Counts the frames. */
let frames = 0;

/** The event that is being written. */
let start = 0;
let raw = '';
let rawPlace = 0;
let rawIsAscii = true;
let odd = '';
const rest = new RestTexts();

/** Sources and datasets of the frame: where, and their bytes. */
const names = new Map<string, { readonly place: number; readonly bytes: number }>();
/** By code, the text that the frame wrote last in that column, where, and its bytes. */
const lastText = new Array<string | undefined>(256);
const lastPlace = new Int32Array(256);
const lastBytes = new Int32Array(256);

const mostText = 2 ** 30;
const keptBytes = 16 * 1024 * 1024;
const wordsOfEvent = 1_024;

/**
 * Writes events as one frame, which needs only the marker of its segment (`markFrame`). Throws `invalid-event` where an
 * id, source, dataset or time cannot be stored, or where an event is larger than 8 MiB. Lone surrogates become U+FFFD, numbers that are not finite null.
 */
export function encodeFrame(events: readonly Event[]): Buffer {
  at = 0;
  used = 0;
  frames++;
  names.clear();
  lastText.fill(undefined);
  for (const event of events) addEvent(event);
  const shape = { words: at, text: used, events: events.length };
  const frame = Buffer.allocUnsafeSlow(frameBytes(shape));
  const body = frameHeader + at * 4;
  frame.set(new Uint8Array(words.buffer, 0, at * 4), frameHeader);
  texts.copy(frame, body, 0, used);
  frame.fill(0, body + used);
  finishFrame(frame, shape);
  // What was seldom large stays small, and no line is kept by a slice of it.
  names.clear();
  lastText.fill(undefined);
  raw = '';
  if (texts.length > keptBytes) texts = Buffer.allocUnsafeSlow(1 << 20);
  return frame;
}

function addEvent(event: Event): void {
  checkEvent(event);
  if (at + wordsOfEvent > words.length) {
    const more = new Int32Array(words.length * 2);
    more.set(words);
    words = more;
  }
  start = at;
  const begin = used;
  const { id, dataset, source } = event;
  raw = event.raw;
  if (raw.length > maxEventBytes) throw tooLarge(id);
  rawPlace = used;
  words[start + record.raw] = used;
  const rawBytes = write(raw);
  words[start + record.raw + 1] = rawBytes;
  rawIsAscii = rawBytes === raw.length;
  words[start + record.id] = used;
  words[start + record.id + 1] = write(id);
  putTime(start + record.time, event.time);
  putTime(start + record.received, event.received);
  putName(start + record.source, source);
  putName(start + record.dataset, dataset);
  at += record.fields;
  odd = '';
  rest.begin();
  event.fields.forEach(addField);
  // What names a column again and again; what lies beyond the words was written nowhere.
  if (at - start > wordsOfEvent - 8) throw tooLarge(id);
  if (odd !== '') putText(oddCode, used, write(`{${odd.slice(1)}}`));
  if (!rest.empty) putRest();
  if (used - begin > maxEventBytes) throw tooLarge(id);
  words[start] = at - start;
}

function putName(word: number, name: string): void {
  let known = names.get(name);
  if (known === undefined) {
    known = { place: used, bytes: write(name) };
    names.set(name, known);
  }
  words[word] = known.place;
  words[word + 1] = known.bytes;
}

function addField(value: FieldValue, name: string): void {
  const code = codeOf(name);
  if (code === undefined) rest.add(name, value);
  else if ((code & 1) === 0 && typeof value === 'string') {
    if (lastText[code] !== value) find(code, value);
    putText(code, lastPlace[code]!, lastBytes[code]!);
  } else if ((code & 1) === 1 && Number.isSafeInteger(value)) {
    words[at++] = code;
    putTime(at, value as number);
    at += 2;
  } else odd += member(name, value);
}

/** Most values are a part of the raw line, whose bytes they then share. */
function find(code: number, value: string): void {
  const found = raw.indexOf(value);
  if (found < 0) keep(code, value, used, write(value));
  else if (rawIsAscii) keep(code, value, rawPlace + found, value.length);
  // A half of a pair in the value may be a whole pair in the line.
  else if (!value.isWellFormed()) keep(code, value, used, write(value));
  else keep(code, value, rawPlace + Buffer.byteLength(raw.slice(0, found)), Buffer.byteLength(value));
}

function keep(code: number, text: string, place: number, bytes: number): void {
  lastText[code] = text;
  lastPlace[code] = place;
  lastBytes[code] = bytes;
}

function putText(code: number, place: number, bytes: number): void {
  words[at++] = code | (bytes << 8);
  words[at++] = place;
}

function putRest(): void {
  const { found } = rest;
  if (typeof found === 'string') {
    putText(restCode, used, write(found));
    return;
  }
  if (found.frame !== frames) {
    found.frame = frames;
    found.place = used;
    found.bytes = write(found.json);
  }
  putText(restCode, found.place, found.bytes);
}

function putTime(place: number, value: number): void {
  const whole = Math.round(value);
  words[place] = whole | 0;
  words[place + 1] = Math.floor(whole / 0x1_0000_0000);
}

/** Writes a text behind the others, halves of pairs as U+FFFD, and returns its bytes. */
function write(text: string): number {
  const most = used + text.length * 3;
  if (most > texts.length) {
    if (most > mostText)
      throw new StoreError('invalid-event', 'an append is larger than 1 GiB; send fewer events at once');
    const more = Buffer.allocUnsafeSlow(Math.max(most, texts.length * 2));
    texts.copy(more, 0, 0, used);
    texts = more;
  }
  const bytes = texts.write(text, used);
  used += bytes;
  return bytes;
}

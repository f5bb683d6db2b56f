import type { Event, Fields, FieldValue } from '@kydai/contracts';
import { type Frame, frameHeader } from './frame.ts';
import { codeOf, columnByCode, oddCode, record, restCode } from './record.ts';

/** The records of one frame, read where they lie. */
export class Records {
  readonly words: Int32Array;
  readonly text: Buffer;

  /** `segment` holds the frame, which was checked. */
  constructor(segment: Buffer, frame: Frame) {
    const begin = frame.start + frameHeader;
    const end = begin + frame.words * 4;
    const place = segment.byteOffset + begin;
    this.words =
      place % 4 === 0
        ? new Int32Array(segment.buffer, place, frame.words)
        : new Int32Array(new Uint8Array(segment.subarray(begin, end)).buffer);
    this.text = segment.subarray(end, end + frame.text);
  }

  /** The text whose place and length are at a word. */
  textAt(word: number): string {
    const at = this.words[word]!;
    return this.text.toString('utf8', at, at + this.words[word + 1]!);
  }

  integerAt(word: number): number {
    return this.words[word + 1]! * 0x1_0000_0000 + (this.words[word]! >>> 0);
  }

  /** Where each record begins. */
  *starts(): Generator<number, void, undefined> {
    for (let at = 0; at < this.words.length; at += this.words[at]!) yield at;
  }
}

/** An event as a view over its record: what is not asked for is not made. */
export class StoredEvent implements Event, Fields {
  readonly #records: Records;
  readonly #start: number;
  #rest: Record<string, FieldValue> | undefined;

  constructor(records: Records, start: number) {
    this.#records = records;
    this.#start = start;
  }

  get id(): string {
    return this.#records.textAt(this.#start + record.id);
  }
  get time(): number {
    return this.#records.integerAt(this.#start + record.time);
  }
  get received(): number {
    return this.#records.integerAt(this.#start + record.received);
  }
  get source(): string {
    return this.#records.textAt(this.#start + record.source);
  }
  get dataset(): string {
    return this.#records.textAt(this.#start + record.dataset);
  }
  get raw(): string {
    return this.#records.textAt(this.#start + record.raw);
  }
  get fields(): Fields {
    return this;
  }

  get(name: string): FieldValue | undefined {
    const wanted = codeOf(name);
    if (wanted === undefined) {
      this.#rest ??= this.#object(restCode);
      return this.#rest?.[name];
    }
    const { words } = this.#records;
    const end = this.#start + words[this.#start]!;
    for (let at = this.#start + record.fields; at < end; ) {
      const code = words[at]! & 255;
      if (code === wanted) return this.#value(at);
      at += (code & 1) === 1 ? 3 : 2;
    }
    return this.#object(oddCode)?.[name];
  }

  *entries(): Generator<readonly [string, FieldValue], void, undefined> {
    const { words } = this.#records;
    const end = this.#start + words[this.#start]!;
    for (let at = this.#start + record.fields; at < end; ) {
      const code = words[at]! & 255;
      if (code < oddCode) yield [columnByCode[code]!.name, this.#value(at)];
      else yield* Object.entries(JSON.parse(String(this.#value(at))) as Record<string, FieldValue>);
      at += (code & 1) === 1 ? 3 : 2;
    }
  }

  forEach(visit: (value: FieldValue, name: string) => void): void {
    for (const [name, value] of this.entries()) visit(value, name);
  }

  /** The same event with its values made. */
  whole(): Event {
    const { id, time, received, source, dataset, raw } = this;
    return { id, time, received, source, dataset, fields: new Map(this.entries()), raw };
  }

  #value(at: number): string | number {
    const { words, text } = this.#records;
    const word = words[at]!;
    if ((word & 1) === 1) return this.#records.integerAt(at + 1);
    const place = words[at + 1]!;
    return text.toString('utf8', place, place + (word >>> 8));
  }

  #object(code: number): Record<string, FieldValue> | undefined {
    const { words } = this.#records;
    const end = this.#start + words[this.#start]!;
    for (let at = this.#start + record.fields; at < end; ) {
      const found = words[at]! & 255;
      if (found === code) {
        const object = JSON.parse(String(this.#value(at))) as Record<string, FieldValue>;
        // A field may have the name of what every object inherits.
        return Object.assign(Object.create(null), object) as Record<string, FieldValue>;
      }
      at += (found & 1) === 1 ? 3 : 2;
    }
    return undefined;
  }
}

/** All events of a frame, whole. */
export function eventsOf(segment: Buffer, frame: Frame): readonly Event[] {
  const records = new Records(segment, frame);
  return Array.from(records.starts(), (start) => new StoredEvent(records, start).whole());
}

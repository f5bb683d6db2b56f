import type { Fields, FieldValue } from '@kydai/contracts';

/** Lists that are copied from these are new ones like `[]`, but V8 never places them among what is old (see `Draft`). */
const noNames: readonly string[] = [];
const noValues: readonly FieldValue[] = [];

/**
 * Fields as two parallel lists. An event has about a dozen; at that size a scan of names is faster to build, to read
 * and to keep than a hash table. Longer lists get one when they are read.
 *
 * INVARIANT: no name occurs twice.
 */
export class FieldList implements Fields {
  readonly names: string[] = noNames.slice();
  readonly values: FieldValue[] = noValues.slice();

  /** Positions by name; made when a long list is first read. */
  #index: Map<string, number> | undefined;

  get(name: string): FieldValue | undefined {
    const at = this.#find(name);
    return at < 0 ? undefined : this.values[at];
  }

  #find(name: string): number {
    const count = this.names.length;
    if (count <= 16) return this.names.indexOf(name);
    // Names are only ever added, so an index of another size is the one that is out of date.
    if (this.#index?.size !== count) this.#index = new Map(this.names.map((known, at) => [known, at]));
    return this.#index.get(name) ?? -1;
  }

  /** For a name that is known not to be there yet. */
  add(name: string, value: FieldValue): void {
    this.names.push(name);
    this.values.push(value);
  }

  /** Adds or replaces. */
  set(name: string, value: FieldValue): void {
    const at = this.names.indexOf(name);
    if (at < 0) this.add(name, value);
    else this.values[at] = value;
  }

  /** Adds unless it is there already; what was read first wins. */
  offer(name: string, value: FieldValue): void {
    if (!this.names.includes(name)) this.add(name, value);
  }

  /**
   * Copies the values. They are slices of the line, and whoever keeps one (a rule's group, above all) keeps the whole
   * line in memory with it: harmless for a line of a usual length, a way to exhaust memory with long ones.
   */
  detach(): void {
    for (let at = 0; at < this.values.length; at++) {
      const value = this.values[at];
      if (typeof value === 'string' && value.length > 12) {
        this.values[at] = Buffer.from(value, 'utf16le').toString('utf16le');
      }
    }
  }

  forEach(visit: (value: FieldValue, name: string) => void): void {
    const { names, values } = this;
    for (let at = 0; at < names.length; at++) visit(values[at]!, names[at]!);
  }

  /** A list and not a generator: stores and rules walk it for every event. */
  entries(): Iterable<readonly [string, FieldValue]> {
    const pairs: [string, FieldValue][] = [];
    for (let at = 0; at < this.names.length; at++) pairs.push([this.names[at]!, this.values[at]!]);
    return pairs;
  }
}

/**
 * What is doubtful about an event's time (`kydai.time_flag`; empty where nothing is). `none`: the source gave none.
 * `invalid`: it gave one that no calendar has. `clock`: the source says itself that its clock is not right. `zone`: off
 * by whole half hours where the zone was only assumed; the source probably writes in another one. `year`: the year was
 * guessed and is not this one. `future`: more than five minutes ahead of us.
 */
export type TimeFlag = '' | 'none' | 'invalid' | 'clock' | 'zone' | 'year' | 'future';

/**
 * An event that is being read from one line or document. Parsers fill it in.
 *
 * It is a class, as the events and what waits in the queue are, because of V8's garbage collector: it learns that
 * what a literal makes often lives until the disk has it, places all further ones among the old objects at once, and
 * there they keep their texts long after they are gone themselves. Objects of classes are not placed so. That halved
 * the time that is spent on collection.
 */
export class Draft {
  /** Epoch milliseconds by the source's clock, or the time of receipt. */
  time: number;
  timeFlag: TimeFlag = '';
  dataset = 'raw';
  readonly fields = new FieldList();
  /** False where nothing but the raw line could be kept. */
  parsed = false;
  /** How many equal events the line stands for: more than 1 for `message repeated N times`. */
  count = 1;

  /** Of a line received at that time, epoch milliseconds. */
  constructor(received: number) {
    this.time = received;
  }

  /** Takes the time that the source gave; it is better than one taken before. */
  happened(time: number, flag: TimeFlag = ''): void {
    this.time = time;
    this.timeFlag = flag;
  }
}

// One file because a group's counts, its windows and its checkpoint change together or not at all.
import type { Event } from '@kydai/contracts';
import type { FieldSource } from '../rules/expression.ts';
import type { CorrelationRule } from '../rules/rule.ts';
import { type Linked, Recency } from './recency.ts';
import { readField, textsOfValue } from './values.ts';
import type { Sample, Satisfied, Window } from './window.ts';
import { judgedAtClose, windowsOf } from './windows.ts';

/** What feeds a correlation: an event that a rule matched, or a correlation's detection on its deciding event. */
export interface Feed {
  readonly event: Event;
  /** The event's own time, or that of its receipt where its clock runs ahead. */
  readonly time: number;
  /** The id of the rule or correlation that fired. */
  readonly rule: string;
  /** For a chained correlation: the group's fields, which stand in for the event's. */
  readonly group: ReadonlyMap<string, string>;
}

export interface Match extends Satisfied {
  readonly group: ReadonlyMap<string, string>;
  /** The event that decided it; absent where a window closed with time. */
  readonly event: Event | undefined;
  readonly time: number;
}

interface Group extends Linked<Group> {
  readonly key: string;
  readonly values: readonly string[];
  /** The source, where its events come so long after their time that they are counted apart. */
  readonly source: string | undefined;
  window: Window;
  /** True from a detection until the window has emptied. */
  quiet: boolean;
  newest: number;
  /** By the events' time. */
  readonly opened: number;
  /** When the newest event was received; of conditions that are judged at the close, the first. */
  touched: number;
  /** The last writing down of the state that has it. */
  written: number;
}

const oneOccurrence: readonly string[] = [''];

type SavedGroup = CorrelatorState['groups'][number];

/** The state of one correlation, as plain JSON. */
export interface CorrelatorState {
  readonly definition: string;
  readonly watermark: number;
  readonly late: number;
  readonly evicted: number;
  readonly groups: readonly {
    readonly values: readonly string[];
    readonly source?: string;
    readonly quiet: boolean;
    readonly newest: number;
    readonly opened: number;
    /** Absent in what was kept before groups rested on it. */
    readonly touched?: number;
    readonly samples: readonly Sample[];
  }[];
}

/**
 * One correlation over all its groups. Within a group only the events' time counts; a group is given up, and one that
 * is judged at its close is closed, by when its events were received. So a source whose clock or zone is behind, and an
 * old file sent now, are counted as they happened, however long after.
 *
 * INVARIANT: an event that comes later than any window that is still open counts with those of its own source alone, so
 * that neither it nor what comes in time pushes the other out.
 * INVARIANT: a group reports once when its condition is met, and then not until a whole timespan has gone by without
 * any event of its own. At most `maxGroups` groups live; the least recently touched gives way and is counted.
 */
export class Correlator {
  #rule: CorrelationRule;
  readonly #definition: string;
  readonly #openWindow: () => Window;
  readonly #lateness: number;
  readonly #maxGroups: number;
  readonly #atClose: boolean;
  readonly #numeric: boolean;
  readonly #groups = new Map<string, Group>();
  readonly #recency = new Recency<Group>();
  /** Counts how often the state was begun to be written down in pieces. */
  #writing = 0;
  /** While it is: groups as they were when it began, saved before they changed. */
  #before: SavedGroup[] | undefined;
  #watermark = Number.NEGATIVE_INFINITY;
  #late = 0;
  #evicted = 0;

  constructor(rule: CorrelationRule, lateness: number, maxGroups: number) {
    this.#rule = rule;
    this.#definition = definitionOf(rule);
    this.#openWindow = windowsOf(rule, lateness);
    this.#lateness = lateness;
    this.#maxGroups = maxGroups;
    this.#atClose = judgedAtClose(rule);
    this.#numeric = rule.type.startsWith('value_') && rule.type !== 'value_count';
  }

  get rule(): CorrelationRule {
    return this.#rule;
  }

  /** Goes on under another text of its rule; false, with nothing changed, where that counts something else. */
  goOnAs(rule: CorrelationRule): boolean {
    if (definitionOf(rule) !== this.#definition) return false;
    this.#rule = rule;
    return true;
  }

  stats(): { readonly groups: number; readonly late: number; readonly evicted: number } {
    return { groups: this.#groups.size, late: this.#late, evicted: this.#evicted };
  }

  /** Takes in one match. An event without one of the group's fields, or without the value, belongs to no group. */
  feed(feed: Feed, found: Match[]): void {
    const { groupBy, rules, timespan } = this.#rule;
    const values: string[] = new Array(groupBy.length);
    for (let index = 0; index < groupBy.length; index++) {
      const { name, field, byRule } = groupBy[index]!;
      const own = byRule.size === 0 ? field : (byRule.get(feed.rule) ?? field);
      const value = feed.group.get(name) ?? textAt(feed.event, own);
      if (value === undefined) return;
      values[index] = value;
    }
    const counted = this.#counted(feed.event);
    if (counted.length === 0) return;
    const { received } = feed.event;
    const reach = timespan + this.#lateness;
    const source = received - feed.time > reach ? feed.event.source : undefined;
    const key = keyOf(values, source);
    if (this.#atClose && source === undefined && feed.time + reach < this.#watermark) {
      this.#late++;
      return;
    }
    let group = this.#groups.get(key);
    if (group) this.#keepAsItWas(group);
    const over = group && this.#atClose && source !== undefined && feed.time - group.opened > reach;
    // A window that is still open waits for what comes late, too.
    const wait = this.#atClose || group?.quiet ? timespan : reach;
    if (group && (over || feed.time - group.newest > wait)) {
      if (this.#atClose) this.#close(group, found);
      this.#forget(group);
      group = undefined;
    }
    if (!group) {
      group = this.#open(key, values, source, feed.time, received);
    } else if (!this.#atClose) {
      this.#recency.touch(group);
      group.touched = Math.max(group.touched, received);
    }
    if (feed.time < group.newest - reach) this.#late++;
    group.newest = Math.max(group.newest, feed.time);
    if (!group.quiet) {
      const rule = rules.indexOf(feed.rule);
      for (const value of counted) {
        const satisfied = group.window.add({ time: feed.time, id: feed.event.id, rule, value });
        if (satisfied && !this.#atClose) {
          this.#report(group, satisfied, feed, found);
          break;
        }
      }
    }
    this.#watermark = Math.max(this.#watermark, feed.time);
    this.#sweep(found);
  }

  /** Closes the windows whose events were received a timespan and the lateness before `time` (epoch ms). */
  advance(time: number, found: Match[]): void {
    this.#watermark = Math.max(this.#watermark, time);
    this.#sweep(found);
  }

  save(): CorrelatorState {
    return { ...this.#head(), groups: Array.from(this.#groups.values(), saved) };
  }

  /**
   * The state of now in pieces of so many groups, each to be written down as it comes. Events may be fed in between:
   * a group that is about to change is saved as it was. One at a time.
   */
  saveInPieces(size: number): Generator<CorrelatorState, void, void> {
    this.#writing++;
    this.#before = [];
    const pieces = this.#pieces(this.#head(), [...this.#groups.values()], size);
    // Begun now, so that it also ends when nobody asks for a piece of it.
    pieces.next();
    return pieces;
  }

  *#pieces(
    head: Omit<CorrelatorState, 'groups'>,
    all: readonly Group[],
    size: number,
  ): Generator<CorrelatorState, void, void> {
    const before = this.#before!;
    let groups: SavedGroup[] = [];
    try {
      yield { ...head, groups };
      for (const group of all) {
        if (group.written !== this.#writing) {
          group.written = this.#writing;
          groups.push(saved(group));
        }
        if (groups.length + before.length < size) continue;
        yield { ...head, groups: [...groups, ...before.splice(0)] };
        groups = [];
      }
      yield { ...head, groups: [...groups, ...before] };
    } finally {
      this.#before = undefined;
    }
  }

  #keepAsItWas(group: Group): void {
    if (this.#before === undefined || group.written === this.#writing) return;
    group.written = this.#writing;
    this.#before.push(saved(group));
  }

  #head(): Omit<CorrelatorState, 'groups'> {
    return {
      definition: this.#definition,
      watermark: Number.isFinite(this.#watermark) ? this.#watermark : 0,
      late: this.#late,
      evicted: this.#evicted,
    };
  }

  /**
   * Takes up a piece of a state that was written down; false, with nothing taken, where the rule has changed since. When
   * all pieces are there, `restored` puts what they brought in its order.
   */
  restore(state: CorrelatorState): boolean {
    if (state.definition !== this.#definition) return false;
    this.#watermark = state.watermark;
    this.#late = state.late;
    this.#evicted = state.evicted;
    for (const { values, source, quiet, newest, opened, touched = newest, samples } of state.groups) {
      const window = this.#openWindow();
      for (let index = 0; index < samples.length; index++) window.add(samples[index]!);
      const key = keyOf(values, source);
      const written = this.#writing;
      const links = { older: undefined, newer: undefined };
      this.#groups.set(key, {
        key,
        values,
        source,
        window,
        quiet,
        newest,
        opened,
        touched,
        written,
        ...links,
      });
    }
    return true;
  }

  /** Pieces do not keep the order in which groups were touched, by which they are given up. */
  restored(): void {
    const groups = [...this.#groups.values()];
    const order = groups.every(({ touched }, index) => index === 0 || groups[index - 1]!.touched <= touched);
    if (!order) groups.sort((left, right) => left.touched - right.touched);
    for (const group of groups) this.#recency.add(group);
  }

  /** What the event brings to count: each element of a list, one text of several fields, nothing where one is absent. */
  #counted(event: Event): readonly string[] {
    const { valueFields } = this.#rule;
    if (valueFields.length === 0) return oneOccurrence;
    if (valueFields.length > 1) {
      const values = valueFields.map((field) => textAt(event, field));
      return values.includes(undefined) ? [] : [JSON.stringify(values)];
    }
    const value = readField(event, valueFields[0]!);
    const texts = value === undefined ? [] : textsOfValue(value);
    return this.#numeric
      ? texts.filter((text) => text.trim() !== '' && Number.isFinite(Number(text)))
      : texts;
  }

  #open(
    key: string,
    values: readonly string[],
    source: string | undefined,
    time: number,
    received: number,
  ): Group {
    if (this.#groups.size >= this.#maxGroups && this.#recency.oldest) {
      this.#keepAsItWas(this.#recency.oldest);
      this.#forget(this.#recency.oldest);
      this.#evicted++;
    }
    const group: Group = {
      key,
      values,
      source,
      window: this.#openWindow(),
      quiet: false,
      newest: time,
      opened: time,
      touched: received,
      written: this.#writing,
      older: undefined,
      newer: undefined,
    };
    this.#groups.set(key, group);
    this.#recency.add(group);
    return group;
  }

  #forget(group: Group): void {
    this.#groups.delete(group.key);
    this.#recency.remove(group);
  }

  #report(group: Group, satisfied: Satisfied, feed: Feed | undefined, found: Match[]): void {
    const fields = this.#rule.groupBy.map(({ name }, index) => [name, group.values[index]!] as const);
    found.push({
      ...satisfied,
      group: new Map(fields),
      event: feed?.event,
      time: feed?.time ?? group.newest,
    });
    group.quiet = true;
    group.window = this.#openWindow();
  }

  #close(group: Group, found: Match[]): void {
    const satisfied = group.quiet ? undefined : group.window.judge();
    if (satisfied) this.#report(group, satisfied, undefined, found);
  }

  /** The least recently touched group comes first; looking at the first few each time keeps up with what arrives. */
  #sweep(found: Match[]): void {
    const { timespan } = this.#rule;
    for (let checked = 0; checked < 1000; checked++) {
      const group = this.#recency.oldest;
      if (!group || group.touched + timespan + this.#lateness >= this.#watermark) return;
      this.#keepAsItWas(group);
      if (this.#atClose) this.#close(group, found);
      this.#forget(group);
    }
  }
}

function saved({ values, source, quiet, newest, opened, touched, window }: Group): SavedGroup {
  const from = source === undefined ? {} : { source };
  return { values, ...from, quiet, newest, opened, touched, samples: [...window.save()] };
}

/** A single value stands for itself unless it looks like one of the others, which are lists in JSON. */
function keyOf(values: readonly string[], source: string | undefined): string {
  if (source !== undefined) return JSON.stringify([values, source]);
  const single = values.length === 1 ? values[0]! : '[';
  return single.charCodeAt(0) === 0x5b ? JSON.stringify(values) : single;
}

function textAt(event: Event, field: FieldSource): string | undefined {
  const value = readField(event, field);
  return value === undefined ? undefined : textsOfValue(value)[0];
}

function definitionOf(rule: CorrelationRule): string {
  const { type, rules, timespan, groupBy, thresholds, valueFields, percentile, requirement } = rule;
  const groups = groupBy.map((group) => [group.name, group.field.sources, [...group.byRule]]);
  return JSON.stringify([type, rules, timespan, groups, thresholds, valueFields, percentile, requirement]);
}

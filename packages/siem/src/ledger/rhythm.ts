import { z } from 'zod';

const hours = 24;
const minute = 60_000;
const day = 24 * 60 * minute;
/** Days whose mean a part of the day holds; older ones fade. */
const days = 8;

const Part = z.tuple([z.number(), z.number()]).readonly();

/** What is usual of one source, as it is kept over a restart. */
export const SourceRhythm = z
  .strictObject({
    source: z.string(),
    /** For each hour of a working day, then of Saturday and Sunday (UTC): frames a minute, and hours that it is the mean of. */
    parts: z
      .array(Part)
      .length(2 * hours)
      .readonly(),
    /** Frames a minute over all. */
    mean: z.number(),
    /** Minutes that the mean is of, at most a week. */
    minutes: z.number(),
    /** Longest silence that is usual, in milliseconds of the time in which the source is usually heard. */
    longestGap: z.number(),
    /** How long it has been quiet, in the same time. */
    quiet: z.number(),
    /** Frames that are missing since then, by the usual rate. */
    missing: z.number(),
    silent: z.boolean(),
    /** How often it was looked at, and how often it had been heard then. */
    checks: z.number(),
    hears: z.number(),
  })
  .readonly();
export type SourceRhythm = z.infer<typeof SourceRhythm>;

/**
 * Learns when and how much a source speaks: a mean for each hour of working days and of the others, so that a night that is
 * always quiet is no silence and a quiet noon is one.
 */
export class Rhythm {
  readonly #parts: [rate: number, count: number][];
  #mean: number;
  #minutes: number;
  longestGap: number;
  quiet: number;
  missing: number;
  silent: boolean;
  checks: number;
  hears: number;
  /** The hour that is being learnt. */
  #part = -1;
  #heard = 0;
  #heardMinutes = 0;
  #day = 0;

  constructor(kept?: SourceRhythm) {
    this.#parts = kept
      ? kept.parts.map(([rate, count]) => [rate, count])
      : Array.from({ length: 2 * hours }, () => [0, 0]);
    this.#mean = kept?.mean ?? 0;
    this.#minutes = kept?.minutes ?? 0;
    this.longestGap = kept?.longestGap ?? 0;
    this.quiet = kept?.quiet ?? 0;
    this.missing = kept?.missing ?? 0;
    this.silent = kept?.silent ?? false;
    this.checks = kept?.checks ?? 0;
    this.hears = kept?.hears ?? 0;
  }

  /** Frames a minute that are usual over all. */
  get mean(): number {
    return this.#mean;
  }

  /** Frames a minute that are usual at this time. */
  expected(now: number): number {
    const [rate, count] = this.#parts[partOf(now)]!;
    return count > 0 ? rate : this.#mean;
  }

  /** Whether the source is usually heard at this time; believed of a time that was never seen. */
  active(now: number): boolean {
    return this.expected(now) >= this.#mean / 10;
  }

  /** Takes what came in the last milliseconds for usual. */
  learn(now: number, frames: number, elapsed: number): void {
    const part = partOf(now);
    if (part !== this.#part) this.#turn(now, part);
    const minutes = elapsed / minute;
    this.#heard += frames;
    this.#heardMinutes += minutes;
    // A silence that was told does not dilute what was usual over all.
    if (this.silent) return;
    this.#minutes = Math.min(this.#minutes + minutes, days * hours * 60);
    this.#mean += ((frames / minutes - this.#mean) * minutes) / this.#minutes;
  }

  /** The source is heard. A silence teaches how long it may be quiet; once it is `known`, not too much at once. */
  heard(known: boolean): void {
    const most = known ? this.longestGap * 2 + 2 * minute : this.quiet;
    // Before it was heard for the first time there was no silence.
    if (this.hears++ > 0) this.longestGap = Math.max(this.longestGap, Math.min(this.quiet, most));
    this.quiet = 0;
    this.missing = 0;
  }

  kept(source: string): SourceRhythm {
    const { longestGap, quiet, missing, silent, checks, hears } = this;
    const parts = this.#parts.map(([rate, count]): [number, number] => [rate, count]);
    return {
      source,
      parts,
      mean: this.#mean,
      minutes: this.#minutes,
      longestGap,
      quiet,
      missing,
      silent,
      checks,
      hears,
    };
  }

  #turn(now: number, next: number): void {
    const before = this.#parts[this.#part];
    // A piece of an hour says little about it.
    if (before && this.#heardMinutes >= 20) {
      before[1] = Math.min(before[1] + 1, days);
      before[0] += (this.#heard / this.#heardMinutes - before[0]) / before[1];
    }
    this.#part = next;
    this.#heard = 0;
    this.#heardMinutes = 0;
    const today = Math.floor(now / day);
    if (today === this.#day) return;
    if (this.#day !== 0) this.longestGap *= 0.9;
    this.#day = today;
  }
}

function partOf(now: number): number {
  const at = new Date(now);
  const rest = at.getUTCDay() === 0 || at.getUTCDay() === 6;
  return at.getUTCHours() + (rest ? hours : 0);
}

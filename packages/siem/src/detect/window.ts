import type { Threshold } from '../rules/rule.ts';
import { compareNumbers } from './reference.ts';

/** What one contributing event brings: its time, its id, which of the feeding rules it matched, and its value. */
export interface Sample {
  readonly time: number;
  readonly id: string;
  readonly rule: number;
  readonly value: string;
  /** Where it stands for several events that came together: how many, `value` being their sum. */
  readonly events?: number;
}

/** A satisfied window. */
export interface Satisfied {
  readonly first: number;
  readonly count: number;
  readonly ids: readonly string[];
  /** The distinct values counted, at most 100. */
  readonly values: readonly string[];
}

/** The events of one group that may still matter. */
export interface Window {
  /** The time of the newest event. */
  readonly newest: number;
  /** Takes an event in; returns the window where that satisfied it. */
  add(sample: Sample): Satisfied | undefined;
  /** For conditions that more events could undo: judges the window as it stands. */
  judge(): Satisfied | undefined;
  save(): readonly Sample[];
}

export const maxIds = 100;

/** True where the figure meets all of them. */
export function holds(thresholds: readonly Threshold[], figure: number): boolean {
  return thresholds.every(({ compare, value }) => compareNumbers(figure, compare, value));
}

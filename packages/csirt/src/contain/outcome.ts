import type { Phrase } from '@kydai/contracts';

/** What a step did or why it waits or failed: one plain line for the logs, and the same for people in their language. */
export interface Outcome {
  readonly line: string;
  readonly phrases: readonly Phrase[];
}

export function phrase(code: string, values: Readonly<Record<string, string>> = {}): Phrase {
  return { code, values };
}

/** An outcome of one sentence. */
export function outcome(line: string, code: string, values: Readonly<Record<string, string>> = {}): Outcome {
  return { line, phrases: [phrase(code, values)] };
}

/** The phrases without those that say the same again. */
export function distinct(phrases: readonly Phrase[]): Phrase[] {
  return [...new Map(phrases.map((each) => [JSON.stringify(each), each])).values()];
}

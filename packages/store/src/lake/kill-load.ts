import type { Event } from '@kydai/contracts';
import type { LakeLimits } from './limits.ts';

export interface Load {
  readonly limits: Partial<LakeLimits>;
  /** Events of one append. */
  readonly batch: number;
  readonly event: (n: number) => Event;
}

/**
 * What the processes of the kill loop append. Most have small segments, which are converted where they are; every fourth
 * has segments so large that the thread converts them, and ids of the usual form.
 */
export function loadOf(round: number): Load {
  const large = round % 4 === 3;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return {
    limits: { segmentBytes: large ? 1_200_000 : 20_000 },
    batch: large ? 500 : 20,
    event: (n) => ({
      id: large ? `${hex(round, 8)}-0000-7000-8000-${hex(n, 12)}` : `${round}-${n}`,
      time: Date.now(),
      received: Date.now(),
      source: 'kill',
      dataset: n % 2 === 0 ? 'even' : 'odd',
      fields: new Map<string, string | number>([
        ['process.pid', n % 20],
        ['user.name', `người dùng ${n % 7}`],
      ]),
      raw: `event ${n} of round ${round} ${'x'.repeat(large ? 200 : 0)}`,
    }),
  };
}

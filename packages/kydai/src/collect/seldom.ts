import type { Clock } from '@kydai/contracts';

const every = 60_000;

/**
 * Tells of the same fault once a minute: a store that takes nothing for an hour must not fill the disk with words.
 * `tell` hears how often the fault came since it was told last.
 */
export function seldom(
  clock: Clock,
  tell: (error: unknown, times: number) => void,
): (error: unknown) => void {
  let told = { words: '', at: 0 };
  let times = 0;
  return (error) => {
    const words = error instanceof Error ? error.message : String(error);
    const now = clock.now();
    times++;
    if (words === told.words && Math.abs(now - told.at) < every) return;
    tell(error, times);
    told = { words, at: now };
    times = 0;
  };
}

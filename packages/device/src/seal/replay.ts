import { DeviceError } from '../error.ts';

/** Remembers which seals have come, as long as they could come again. */
export interface ReplayGuard {
  /** Throws `seal-replayed` where the id came before, or the time is outside the window. */
  admit(id: string, time: number, now: number): void;
}

export interface ReplayWindow {
  /** How old a seal may be, milliseconds; 5 minutes unless told. A device that buffers offline needs more. */
  readonly oldest?: number;
  /** How far ahead of ours a device's clock may be, milliseconds; 1 minute unless told. */
  readonly ahead?: number;
  /** How many ids are remembered at most; 1,000,000 unless told. */
  readonly capacity?: number;
}

/**
 * A guard in memory.
 *
 * INVARIANT: an id is forgotten only when its time has left the window. A guard that is full admits nothing more rather
 * than forget; after a restart it refuses seals from before its start, which it cannot know.
 */
export function createReplayGuard(started: number, window: ReplayWindow = {}): ReplayGuard {
  const { oldest = 300_000, ahead = 60_000, capacity = 1_000_000 } = window;
  const bucketSpan = Math.max(1000, Math.ceil(oldest / 16));
  const buckets = new Map<number, Set<string>>();
  let size = 0;

  const forget = (now: number): void => {
    for (const [bucket, ids] of buckets) {
      if ((bucket + 1) * bucketSpan > now - oldest) continue;
      size -= ids.size;
      buckets.delete(bucket);
    }
  };

  return {
    admit(id, time, now) {
      if (time < now - oldest || time < started) {
        throw new DeviceError('seal-replayed', 'the sealed reading is too old; seal it again');
      }
      if (time > now + ahead) {
        throw new DeviceError('seal-replayed', 'the sealed reading is from the future; set the device clock');
      }
      // An id is looked for by its time as well: the same id with another time is another signature, and another seal.
      const bucket = Math.floor(time / bucketSpan);
      const ids = buckets.get(bucket) ?? new Set<string>();
      const key = `${time}/${id}`;
      if (ids.has(key)) throw new DeviceError('seal-replayed', 'the sealed reading has come before');
      if (size >= capacity) forget(now);
      if (size >= capacity)
        throw new DeviceError('seal-replayed', 'too many readings in the window; try again later');
      ids.add(key);
      buckets.set(bucket, ids);
      size += 1;
    },
  };
}

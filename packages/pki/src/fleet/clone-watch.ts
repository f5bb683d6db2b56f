import type { Clock } from '@kydai/contracts';

/** One key that speaks from two places. */
export interface CloneSuspicion {
  readonly device: string;
  /** SHA-256 of the certificate that was seen last, hex. */
  readonly fingerprint: string;
  /** The two addresses or sites, the newest first. */
  readonly places: readonly [string, string];
  /** How often the key went from one to another within the window. */
  readonly changes: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface CloneWatch {
  /** Tells that a certificate was used from a place (an address, or a site where the caller knows it). */
  seen(sighting: {
    readonly device: string;
    readonly fingerprint: string;
    readonly place: string;
    /** Whether the certificate was believed. */
    readonly believed: boolean;
  }): CloneSuspicion | undefined;
}

interface Trail {
  place: string;
  before: string | undefined;
  /** When the key came back to a place that it had left. */
  returns: number[];
  changed: number;
  told: number;
}

/**
 * Notices a device that speaks from two places at a time. A device that moves changes its place once; a key in two
 * devices comes back again and again. Suspicion: two returns within the window. It is told once per window, and kept
 * for the given number of devices, those least recently seen being forgotten.
 *
 * INVARIANT: a thief who renews with the stolen key, so that each holder has a certificate of their own, is noticed all
 * the same: what is believed counts for its device. What is not believed counts for itself alone, so that whoever holds a
 * revoked key casts no suspicion on the one that took its place.
 */
export function createCloneWatch(options: {
  readonly clock: Clock;
  /** Milliseconds; ten minutes unless told. */
  readonly window?: number;
  /** Devices remembered; 100,000 unless told. */
  readonly most?: number;
}): CloneWatch {
  const { clock, window = 600_000, most = 100_000 } = options;
  const trails = new Map<string, Trail>();

  return {
    seen({ device, fingerprint, place, believed }) {
      const at = clock.now();
      const holder = believed ? `device ${device}` : fingerprint;
      const trail = trails.get(holder) ?? {
        place,
        before: undefined,
        returns: [],
        changed: at,
        told: -window,
      };
      // A Map keeps the order of insertion: the first are those not seen for longest.
      trails.delete(holder);
      trails.set(holder, trail);
      if (trails.size > most) trails.delete(trails.keys().next().value!);
      if (place === trail.place) return undefined;
      const back = place === trail.before && at - trail.changed <= window;
      const left = trail.place;
      trail.before = left;
      trail.place = place;
      trail.changed = at;
      trail.returns = trail.returns.filter((moment) => at - moment <= window);
      if (!back) return undefined;
      trail.returns.push(at);
      if (trail.returns.length < 2 || at - trail.told < window) return undefined;
      trail.told = at;
      return { device, fingerprint, places: [place, left], changes: trail.returns.length + 1, at };
    },
  };
}

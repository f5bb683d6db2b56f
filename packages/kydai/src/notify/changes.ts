import type { RevocationReason } from '@kydai/contracts';

/** Something changed that may flip decisions which an enforcement point has acted on or remembered. */
export type Change =
  | { readonly type: 'device-quarantined'; readonly device: string; readonly reason?: string }
  | { readonly type: 'device-released'; readonly device: string }
  /** It holds a valid certificate again, or none any more. */
  | { readonly type: 'device-certified' | 'device-uncertified'; readonly device: string }
  | { readonly type: 'device-moved'; readonly device: string; readonly zone: string }
  | { readonly type: 'risk-changed'; readonly device: string; readonly from: number; readonly to: number }
  /** What was known of it is too old to be believed. */
  | { readonly type: 'fact-stale'; readonly device: string; readonly fact: string; readonly source: string }
  | {
      readonly type: 'certificate-revoked';
      readonly device: string;
      readonly serial: string;
      /** Distinguished name or id of the authority. */
      readonly issuer: string;
      readonly reason: RevocationReason;
    }
  | { readonly type: 'session-ended'; readonly user: string; readonly by: string; readonly sessions: number }
  | { readonly type: 'policy-set-changed'; readonly policySet: string; readonly by: string };

export interface LoggedChange {
  readonly id: string;
  readonly at: number;
  readonly change: Change;
}

export interface ChangeLog {
  publish(change: Change): void;
  /** Told after each change; returns the function that ends it. */
  subscribe(listener: (logged: LoggedChange) => void): () => void;
  /**
   * What came after an id, oldest first. Undefined where that is not known any more, or the id is of an earlier start:
   * whoever asks then must forget what they remember.
   */
  after(id: string): readonly LoggedChange[] | undefined;
  /** The id of the newest change, from which to go on. */
  readonly newest: string;
}

/** Keeps the last changes in memory. Ids name this start, so that one of before a restart is never taken for one of now. */
export function createChangeLog(clock: { now(): number }, start: string, size = 10_000): ChangeLog {
  const ring: LoggedChange[] = [];
  const listeners = new Set<(logged: LoggedChange) => void>();
  let written = 0;
  return {
    get newest() {
      return `${start}-${written}`;
    },
    publish(change) {
      const logged = { id: `${start}-${written + 1}`, at: clock.now(), change };
      ring[written % size] = logged;
      written += 1;
      for (const listener of listeners) listener(logged);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    after(id) {
      const digits = id.startsWith(`${start}-`) ? id.slice(start.length + 1) : '';
      const number = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
      if (Number.isNaN(number) || number > written || written - number > size) return undefined;
      return Array.from({ length: written - number }, (_, index) => ring[(number + index) % size]!);
    },
  };
}

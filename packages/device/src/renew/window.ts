import type { X509Certificate } from 'node:crypto';

/** When to renew, epoch milliseconds: at a moment from `start` on, at best before `end`. */
export interface RenewalWindow {
  readonly start: number;
  readonly end: number;
}

/**
 * The window of a device that cannot ask: 60% to 80% of the certificate's life. Wide, so that devices which enrolled
 * together do not come back together, and late enough that a server which is asked has its say first.
 */
export function ownWindow(certificate: X509Certificate): RenewalWindow {
  const from = certificate.validFromDate.getTime();
  const life = certificate.validToDate.getTime() - from;
  return { start: from + life * 0.6, end: from + life * 0.8 };
}

/** The moment of a window that belongs to this device, by a number in [0, 1) that it drew for the certificate. */
export function momentIn({ start, end }: RenewalWindow, drawn: number): number {
  return Math.round(start + (end - start) * drawn);
}

const first = 30_000;
const hour = 3_600_000;

/**
 * How long to wait before the next attempt, milliseconds: a random part of a span that doubles from 30 seconds up to a
 * 64th of the life that is left (at least a minute, at most twelve hours; an hour where nothing is left), never less than
 * what the server asked for. The longer a certificate still lasts, the wider devices spread after an outage that they
 * all saw end. `attempt` counts from 0.
 */
export function retryDelay(
  attempt: number,
  random: number,
  { left, retryAfterSeconds = 0 }: { readonly left: number; readonly retryAfterSeconds?: number | undefined },
): number {
  const longest = left > 0 ? Math.min(Math.max(left / 64, 60_000), 12 * hour) : hour;
  const span = Math.min(first * 2 ** Math.min(attempt, 20), longest);
  return Math.round(retryAfterSeconds * 1000 + span * (0.5 + 0.5 * random));
}

import type { X509Certificate } from 'node:crypto';

/**
 * When to renew, epoch milliseconds: at a random moment between 60% and 80% of the certificate's life, so that devices
 * which enrolled together do not come back together, and a server that is down for a while loses no device.
 */
export function renewalTime(certificate: X509Certificate, random: number): number {
  const from = certificate.validFromDate.getTime();
  const life = certificate.validToDate.getTime() - from;
  return Math.round(from + life * (0.6 + 0.2 * random));
}

const first = 30_000;
const longest = 3_600_000;

/**
 * How long to wait before the next attempt, milliseconds: a random part of a span that doubles from 30 seconds to an
 * hour, never less than what the server asked for. `attempt` counts from 0.
 */
export function retryDelay(attempt: number, random: number, retryAfterSeconds = 0): number {
  const span = Math.min(first * 2 ** Math.min(attempt, 20), longest);
  return Math.round(retryAfterSeconds * 1000 + span * (0.5 + 0.5 * random));
}

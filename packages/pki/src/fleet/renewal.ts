import { createHash } from 'node:crypto';

export interface RenewalWindow {
  /** Epoch milliseconds: renew at a moment of your choice from `start` on, at best before `end`. */
  readonly start: number;
  readonly end: number;
}

interface Life {
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * When a certificate should be renewed (after the idea of RFC 9773). The server spreads the windows: they begin evenly
 * between one half and two thirds of the life, by a hash of the serial number, so that a million certificates that were
 * issued in one night are not renewed in one night. A window lasts a 48th of the life, in which the device picks a
 * moment at random.
 */
export function renewalWindow({ serial, notBefore, notAfter }: Life): RenewalWindow {
  const life = notAfter - notBefore;
  const spread = createHash('sha256').update(`renewal ${serial}`).digest().readUInt32BE(0) / 2 ** 32;
  const start = Math.floor(notBefore + life / 2 + (life / 6) * spread);
  return { start, end: start + Math.floor(life / 48) };
}

/** When it is time to renew: the beginning of the window. Epoch milliseconds. */
export function renewalDue(certificate: Life): number {
  return renewalWindow(certificate).start;
}

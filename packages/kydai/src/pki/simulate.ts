import { randomFillSync } from 'node:crypto';
import { retryDelay } from '@kydai/device';
import { renewalWindow } from '@kydai/pki';

const hour = 3_600_000;
const day = 24 * hour;

/** A city as it might be. Times are days and hours from the begin of the enrolment. */
export interface SimulatedCity {
  readonly devices: number;
  /** How long all of them together take to enrol, hours. */
  readonly enrolHours: number;
  readonly lifeDays: number;
  readonly days: number;
  /** Part of the city without a network, from a day on: its devices cannot renew until that ends. */
  readonly outage: { readonly share: number; readonly day: number; readonly hours: number };
  /** Whether the server spreads the windows and devices spread their attempts; else each renews at two thirds of its life. */
  readonly spread: boolean;
}

export interface SimulatedYear {
  /** Renewals that reached the server in each hour. */
  readonly hours: Uint32Array;
  /** In the hour with the most of them, a second; enrolment does not count. */
  readonly peak: number;
  /** A second, over all hours from the first renewal on. */
  readonly mean: number;
  /** Devices whose certificate ended before it was renewed. */
  readonly lapsed: number;
}

/**
 * Lives through the city's days device by device, by the very functions that the server places windows with and the
 * device waits by. `random` gives numbers in [0, 1).
 */
export function simulateRenewals(city: SimulatedCity, random: () => number = Math.random): SimulatedYear {
  const { devices, spread } = city;
  const end = city.days * day;
  const life = city.lifeDays * day;
  const dark = { from: city.outage.day * day, to: city.outage.day * day + city.outage.hours * hour };
  const hours = new Uint32Array(city.days * 24);
  let lapsed = 0;
  let first = end;
  for (let device = 0; device < devices; device++) {
    const offline = device < devices * city.outage.share;
    let issued = random() * city.enrolHours * hour;
    for (;;) {
      const notAfter = issued + life;
      const due = spread ? spreadMoment(issued, notAfter, random()) : issued + (life * 2) / 3;
      const at = offline ? reached(due, notAfter, dark, spread, random) : due;
      if (at >= end) break;
      if (at > notAfter) lapsed++;
      hours[Math.floor(at / hour)]!++;
      first = Math.min(first, at);
      issued = at;
    }
  }
  const counted = hours.subarray(Math.floor(first / hour));
  const total = counted.reduce((sum, count) => sum + count, 0);
  const peak = counted.reduce((most, count) => Math.max(most, count), 0);
  return { hours, peak: peak / 3600, mean: total / counted.length / 3600, lapsed };
}

/** When a device gets through that wants to renew at `due` and whose network is dark for a while. */
function reached(
  due: number,
  notAfter: number,
  dark: { readonly from: number; readonly to: number },
  spread: boolean,
  random: () => number,
): number {
  let at = due;
  for (let attempt = 0; at >= dark.from && at < dark.to; attempt++) {
    at += spread ? retryDelay(attempt, random(), { left: notAfter - at }) : hour;
  }
  return at;
}

const serials = Buffer.alloc(16 * 4096);
let used = serials.length;

/** The moment that a device draws in the window which the server gives to a fresh serial number. */
function spreadMoment(notBefore: number, notAfter: number, drawn: number): number {
  if (used === serials.length) {
    randomFillSync(serials);
    used = 0;
  }
  const serial = serials.toString('hex', used, used + 16);
  used += 16;
  const { start, end } = renewalWindow({ serial, notBefore, notAfter });
  return start + (end - start) * drawn;
}

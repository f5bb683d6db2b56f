import { type Certificate, type Clock, eachRecord, type RecordStore } from '@kydai/contracts';
import { certificates, devices } from '../register/kinds.ts';
import { renewalWindow } from './renewal.ts';

/** What is to come in one zone of the network. Lists have one number a day, the first of them the next 24 hours. */
export interface ZoneForecast {
  /** Empty for services and people, which are in no zone. */
  readonly zone: string;
  /** Holders of at least one good certificate. */
  readonly subjects: number;
  /** Certificates whose renewal falls on the day. */
  readonly renewals: readonly number[];
  /** Certificates that end on the day, unless they are renewed before. */
  readonly expiries: readonly number[];
  /** Whose window has passed without a renewal: off, out of reach, or refused. */
  readonly overdue: number;
  /** Who let the last certificate end in the past thirty days. */
  readonly lapsed: number;
}

export interface RenewalForecast {
  /** Epoch milliseconds; the lists begin here. */
  readonly at: number;
  readonly days: number;
  /** By name, those without a zone last. */
  readonly zones: readonly ZoneForecast[];
  /** Renewals in each of the next 48 hours, over all zones. */
  readonly hours: readonly number[];
}

const hour = 3_600_000;
const day = 24 * hour;
const lapse = 30 * day;

/** Authorities and responders are renewed by us, not by the weather. */
const leaves: ReadonlySet<string> = new Set(['device', 'quarantine', 'service', 'staff']);

interface Newest {
  readonly notAfter: number;
  /** The middle of its renewal window, and its end. */
  readonly due: number;
  readonly end: number;
}

/**
 * When the certificates in force will be renewed and when they end, by zone ("renewal weather"). Of each holder only the
 * certificate that lasts longest counts: the others were renewed already. Reads every certificate that has not ended
 * long ago, and the register, in pages.
 */
export async function forecastRenewals(
  parts: { readonly records: RecordStore; readonly clock: Clock },
  days: number,
): Promise<RenewalForecast> {
  const { records, clock } = parts;
  const at = clock.now();
  const newest = new Map<string, Newest>();
  // Asked for by their end alone: any other condition could make the database sort all of them for each page.
  for await (const certificate of eachRecord(records, certificates, { by: 'notAfter', from: at - lapse })) {
    if (certificate.revoked !== undefined || !leaves.has(certificate.profile)) continue;
    // In the order of their ends: the last of a holder is the one that counts.
    newest.set(certificate.subject, newestOf(certificate));
  }
  const zoneOf = new Map<string, string>();
  for await (const { id, zone } of eachRecord(records, devices, { by: 'id', from: '' })) zoneOf.set(id, zone);

  const tallies = new Map<string, Tally>();
  const hours = new Array<number>(48).fill(0);
  for (const [subject, each] of newest) {
    const zone = zoneOf.get(subject) ?? '';
    const tally = tallies.get(zone) ?? newTally(days);
    tallies.set(zone, tally);
    count(tally, each, at);
    const soon = Math.floor((each.due - at) / hour);
    if (soon >= 0 && soon < hours.length) hours[soon]!++;
  }
  const zones = [...tallies].map(([zone, tally]) => ({ zone, ...tally }));
  return { at, days, zones: zones.toSorted(byZone), hours };
}

function newestOf(certificate: Certificate): Newest {
  const { start, end } = renewalWindow(certificate);
  return { notAfter: certificate.notAfter, due: (start + end) / 2, end };
}

interface Tally {
  subjects: number;
  overdue: number;
  lapsed: number;
  readonly renewals: number[];
  readonly expiries: number[];
}

function newTally(days: number): Tally {
  const none = (): number[] => new Array<number>(days).fill(0);
  return { subjects: 0, overdue: 0, lapsed: 0, renewals: none(), expiries: none() };
}

function count(tally: Tally, { notAfter, due, end }: Newest, at: number): void {
  if (notAfter <= at) {
    tally.lapsed++;
    return;
  }
  tally.subjects++;
  const ends = Math.floor((notAfter - at) / day);
  if (ends < tally.expiries.length) tally.expiries[ends]!++;
  if (end < at) {
    tally.overdue++;
    return;
  }
  const renewed = Math.max(0, Math.floor((due - at) / day));
  if (renewed < tally.renewals.length) tally.renewals[renewed]!++;
}

function byZone(left: ZoneForecast, right: ZoneForecast): number {
  if ((left.zone === '') !== (right.zone === '')) return left.zone === '' ? 1 : -1;
  return left.zone.localeCompare(right.zone);
}

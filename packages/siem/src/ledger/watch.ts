import type { Clock, SourceLedger } from '@kydai/contracts';
import type { Intake } from '../collect/intake.ts';
import { Rhythm, type SourceRhythm } from './rhythm.ts';

/** When a source's flow is called unusual. */
export interface WatchSettings {
  /** Checks of history before a source is judged, and in how many of them it must have been heard. */
  readonly learnChecks: number;
  readonly learnHeard: number;
  /** A silence shorter than this is never told. Milliseconds. */
  readonly minSilenceMs: number;
  /** How many times its longest usual gap a source must be silent. */
  readonly gapFactor: number;
  /** How many frames must be missing, by the usual rate, before a silence is told. */
  readonly minMissing: number;
  /** So many missing frames are a silence however long the usual gaps are. */
  readonly manyMissing: number;
  /** A surge is this many times the usual rate, and at least `minSurge` frames a minute. */
  readonly surgeFactor: number;
  readonly minSurge: number;
  /** After so many checks of a surge it is slowly taken for usual. */
  readonly surgeChecks: number;
  /** A drop is less than this share of the usual rate, for `dropChecks` checks in a row. */
  readonly dropShare: number;
  readonly dropChecks: number;
  /** Losses that go on are told again after so many checks. */
  readonly losingChecks: number;
}

const defaults: WatchSettings = {
  learnChecks: 10,
  learnHeard: 5,
  minSilenceMs: 120_000,
  gapFactor: 3,
  minMissing: 5,
  manyMissing: 10_000,
  surgeFactor: 10,
  minSurge: 6000,
  surgeChecks: 60,
  dropShare: 0.1,
  dropChecks: 3,
  losingChecks: 60,
};

export const sourceAlertKinds = ['silent', 'returned', 'surge', 'drop', 'losing'] as const;

/** Something unusual about one source's flow. Rates are frames a minute. */
export interface SourceAlert {
  readonly kind: (typeof sourceAlertKinds)[number];
  readonly source: string;
  readonly transport: SourceLedger['transport'];
  readonly at: number;
  readonly lastSeen: number;
  /** The usual rate. */
  readonly expected: number;
  /** The rate since the last check; for `losing`, the frames dropped since it was told last. */
  readonly observed: number;
}

export interface SourceRate {
  readonly source: string;
  /** Frames a minute: usual at this time, and since the last check. Usual is null while it is being learnt. */
  readonly expected: number | null;
  readonly observed: number;
  readonly silent: boolean;
  /** The rates of the last checks, at most 60, oldest first. */
  readonly history: readonly number[];
}

export interface SourceWatch {
  /** Compares the ledgers with what they usually say. Call it about once a minute. */
  check(): readonly SourceAlert[];
  rates(): readonly SourceRate[];
  /** What is usual of each source, to be kept over a restart. */
  rhythms(): readonly SourceRhythm[];
}

const minute = 60_000;
/** A check that comes later than this says that the clock was set or the machine slept: it counts as one minute. */
const longestStep = 5 * minute;

interface Watched {
  readonly rhythm: Rhythm;
  received: number;
  dropped: number;
  at: number;
  observed: number;
  recent: number[];
  /** Checks of a surge so far. */
  surge: number;
  low: number;
  /** Losses not told yet, and the checks until they are; 0 when the next loss is told at once. */
  losses: number;
  losingFor: number;
}

/**
 * Watches the flow of every source, so that "no alert" and "no data" never look the same. A source is silent when it
 * has been quiet for three times its longest usual gap and several frames are missing by what is usual at this time: a busy
 * one within minutes, one that speaks once an hour after hours, and none for a night that is always quiet. Each change is told
 * once, and the return too.
 */
export function createSourceWatch(options: {
  readonly ledgers: () => readonly SourceLedger[];
  readonly clock: Clock;
  readonly settings?: Partial<WatchSettings>;
  /** What was usual before a restart (`rhythms()` of then). */
  readonly before?: readonly SourceRhythm[];
}): SourceWatch {
  const { clock } = options;
  const settings = { ...defaults, ...options.settings };
  const before = new Map((options.before ?? []).map((rhythm) => [rhythm.source, rhythm]));
  const watched = new Map<string, Watched>();
  const began = clock.now();

  const judge = (ledger: SourceLedger, now: number): readonly SourceAlert[] => {
    const { source, transport, lastSeen } = ledger;
    const watching = watched.get(source) ?? begin(ledger, began, before.get(source));
    watched.set(source, watching);
    const elapsed = now - watching.at;
    const step = elapsed <= 0 || elapsed > longestStep ? minute : elapsed;
    const { rhythm } = watching;
    const alerts: SourceAlert[] = [];
    const usual = rhythm.expected(now);
    const tell = (kind: SourceAlert['kind'], observed: number): void => {
      alerts.push({ kind, source, transport, at: now, lastSeen, expected: usual, observed });
    };
    const count = ledger.received - watching.received;
    const lost = ledger.dropped - watching.dropped;
    const observed = (count * minute) / step;
    watching.received = ledger.received;
    watching.dropped = ledger.dropped;
    watching.at = now;
    watching.observed = observed;
    watching.recent.push(observed);
    if (watching.recent.length > 60) watching.recent.shift();

    watching.losses += lost;
    if (watching.losingFor > 0) watching.losingFor--;
    else if (watching.losses > 0) {
      tell('losing', watching.losses);
      watching.losses = 0;
      watching.losingFor = settings.losingChecks - 1;
    }
    // What the kernel lost is nobody's flow: that there is none is good.
    if (source.endsWith('/kernel')) return alerts;

    const known = isKnown(rhythm);
    rhythm.checks++;
    const surge =
      known &&
      !rhythm.silent &&
      observed > settings.minSurge &&
      observed > Math.max(usual, rhythm.mean) * settings.surgeFactor;
    watching.surge = surge ? watching.surge + 1 : 0;
    if (watching.surge === 1) tell('surge', observed);
    if (count > 0) {
      rhythm.heard(known);
      if (rhythm.silent) tell('returned', observed);
      rhythm.silent = false;
    } else if (rhythm.active(now)) {
      rhythm.quiet += step;
      rhythm.missing += (usual * step) / minute;
    }
    const low = known && count > 0 && usual >= 60 && observed < usual * settings.dropShare;
    watching.low = low ? watching.low + 1 : 0;
    if (watching.low === settings.dropChecks) tell('drop', observed);
    if (known && !rhythm.silent && isSilent(rhythm)) {
      rhythm.silent = true;
      tell('silent', 0);
    }
    // A surge is not learnt at once: nobody must be able to teach the watch quickly that a flood is usual.
    const most = (Math.max(usual, rhythm.mean) * settings.surgeFactor * step) / minute;
    if (!surge) rhythm.learn(now, count, step);
    else if (watching.surge > settings.surgeChecks)
      rhythm.learn(now, Math.max(1, Math.min(count, most)), step);
    return alerts;
  };

  const isKnown = ({ checks, hears }: Rhythm): boolean =>
    checks >= settings.learnChecks && hears >= settings.learnHeard;
  const isSilent = ({ quiet, missing, longestGap }: Rhythm): boolean =>
    quiet >= settings.minSilenceMs &&
    missing >= settings.minMissing &&
    (quiet > longestGap * settings.gapFactor || missing >= settings.manyMissing);

  return {
    check() {
      const now = clock.now();
      return options
        .ledgers()
        .filter(({ transport }) => transport !== 'internal')
        .flatMap((ledger) => judge(ledger, now));
    },
    rates: () =>
      Array.from(watched, ([source, { rhythm, observed, recent }]) => ({
        source,
        expected: isKnown(rhythm) ? rhythm.expected(clock.now()) : null,
        observed,
        silent: rhythm.silent,
        history: [...recent],
      })),
    rhythms: () => Array.from(watched, ([source, { rhythm }]) => rhythm.kept(source)),
  };
}

function begin(ledger: SourceLedger, began: number, kept: SourceRhythm | undefined): Watched {
  // What a source said before it was watched is no rate; one that was opened since then has said all of it since then.
  const fresh = ledger.firstSeen >= began;
  return {
    rhythm: new Rhythm(kept),
    received: fresh ? 0 : ledger.received,
    dropped: fresh ? 0 : ledger.dropped,
    at: fresh ? ledger.firstSeen : began,
    observed: 0,
    recent: [],
    surge: 0,
    low: 0,
    losses: 0,
    losingFor: 0,
  };
}

/**
 * Keeps alerts about sources as events of the dataset `kydai.source` (`event.action`: `source_silent`, ...), so that
 * rules can detect on them like on any other. Resolves to false when they could not be made durable.
 */
export async function keepSourceAlerts(intake: Intake, alerts: readonly SourceAlert[]): Promise<boolean> {
  if (alerts.length === 0) return true;
  const frames = alerts.map((alert) => {
    const document = {
      '@timestamp': new Date(alert.at).toISOString(),
      'event.dataset': 'kydai.source',
      'event.action': `source_${alert.kind}`,
      'kydai.source.name': alert.source,
      'kydai.source.transport': alert.transport,
      'kydai.source.expected': alert.expected,
      'kydai.source.observed': alert.observed,
      'kydai.source.last_seen': new Date(alert.lastSeen).toISOString(),
      message: `source ${alert.source}: ${alert.kind}`,
    };
    const raw = JSON.stringify(document);
    return { raw, bytes: raw.length, normalised: intake.normaliser.document(document, intake.clock.now()) };
  });
  const outcomes = await intake.submit(intake.account('internal', 'watch'), frames);
  return outcomes?.every((outcome) => outcome === 'kept') ?? false;
}

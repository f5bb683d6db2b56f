import type { Clock, SourceLedger } from '@kydai/contracts';
import type { Intake } from '../collect/intake.ts';

/** When a source's flow is called unusual. */
export interface WatchSettings {
  /** Checks of history before a source is judged. */
  readonly learnChecks: number;
  /** A silence shorter than this is never told. Milliseconds. */
  readonly minSilenceMs: number;
  /** How many times its longest gap so far a source must be silent. */
  readonly gapFactor: number;
  /** How many frames must be missing, by the usual rate, before a silence is told. */
  readonly minMissing: number;
  /** A surge is this many times the usual rate, and at least `minSurge` frames a minute. */
  readonly surgeFactor: number;
  readonly minSurge: number;
  /** A drop is less than this share of the usual rate, for `dropChecks` checks in a row. */
  readonly dropShare: number;
  readonly dropChecks: number;
}

const defaults: WatchSettings = {
  learnChecks: 10,
  minSilenceMs: 120_000,
  gapFactor: 3,
  minMissing: 5,
  surgeFactor: 10,
  minSurge: 6000,
  dropShare: 0.1,
  dropChecks: 3,
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
  /** The rate since the last check; for `losing`, the frames dropped since then. */
  readonly observed: number;
}

export interface SourceRate {
  readonly source: string;
  /** Frames a minute: usual, and since the last check. Usual is null while it is being learnt. */
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
}

const week = 7 * 24 * 60;

interface History {
  received: number;
  dropped: number;
  at: number;
  checks: number;
  observed: number;
  recent: number[];
  /** Frames, and the minutes up to the last of them: a silence that goes on does not dilute what was usual. */
  heard: number;
  heardMinutes: number;
  /** Longest time between two sightings that ended. */
  longestGap: number;
  lastSeen: number;
  silent: boolean;
  surging: boolean;
  low: number;
}

/**
 * Watches the flow of every source, so that "no alert" and "no data" never look the same. A source is silent when it
 * has been quiet for three times its longest gap and several frames are missing by its usual rate: a busy one within
 * minutes, one that speaks once an hour after hours. Each change is told once, and the return too.
 */
export function createSourceWatch(options: {
  readonly ledgers: () => readonly SourceLedger[];
  readonly clock: Clock;
  readonly settings?: Partial<WatchSettings>;
}): SourceWatch {
  const settings = { ...defaults, ...options.settings };
  const histories = new Map<string, History>();

  const judge = (ledger: SourceLedger, now: number): readonly SourceAlert[] => {
    const history = histories.get(ledger.source);
    if (!history) {
      histories.set(ledger.source, begin(ledger, now));
      return [];
    }
    const elapsed = now - history.at;
    if (elapsed <= 0) return [];
    const alerts: SourceAlert[] = [];
    const usual = usualRate(history);
    const { source, transport, lastSeen } = ledger;
    const tell = (kind: SourceAlert['kind'], observed: number): void => {
      alerts.push({ kind, source, transport, at: now, lastSeen, expected: usual, observed });
    };
    const count = ledger.received - history.received;
    const observed = (count * 60_000) / elapsed;
    const known = history.checks >= settings.learnChecks;
    const lost = ledger.dropped - history.dropped;
    if (lost > 0) tell('losing', lost);

    if (count > 0) {
      const gap = lastSeen - history.lastSeen;
      if (history.silent) {
        history.silent = false;
        tell('returned', observed);
      } else if (known && observed > settings.minSurge && observed > usual * settings.surgeFactor) {
        // A surge is not learnt: nobody must be able to teach the watch at once that a flood is usual.
        if (!history.surging) tell('surge', observed);
        history.surging = true;
      } else {
        history.surging = false;
        // A gap that was told as silence is no part of what is usual.
        if (gap > history.longestGap) history.longestGap = gap;
        history.heard += count;
        history.heardMinutes += gap / 60_000;
        if (history.heardMinutes > week) {
          history.heard /= 2;
          history.heardMinutes /= 2;
        }
      }
      history.lastSeen = lastSeen;
    } else if (known && !history.silent) {
      const quiet = now - lastSeen;
      const missing = (usual * quiet) / 60_000;
      const long = quiet >= settings.minSilenceMs && quiet > history.longestGap * settings.gapFactor;
      if (long && missing >= settings.minMissing) {
        history.silent = true;
        tell('silent', 0);
      }
    }

    const low = known && count > 0 && usual >= 60 && observed < usual * settings.dropShare;
    history.low = low ? history.low + 1 : 0;
    if (history.low === settings.dropChecks) tell('drop', observed);

    history.received = ledger.received;
    history.dropped = ledger.dropped;
    history.at = now;
    history.observed = observed;
    history.recent.push(observed);
    if (history.recent.length > 60) history.recent.shift();
    history.checks++;
    return alerts;
  };

  return {
    check() {
      const now = options.clock.now();
      return options
        .ledgers()
        .filter(({ transport }) => transport !== 'internal')
        .flatMap((ledger) => judge(ledger, now));
    },
    rates: () =>
      Array.from(histories, ([source, history]) => ({
        source,
        expected: history.checks >= settings.learnChecks ? usualRate(history) : null,
        observed: history.observed,
        silent: history.silent,
        history: [...history.recent],
      })),
  };
}

/** Frames a minute, over the time in which the source was heard. */
function usualRate(history: History): number {
  return history.heard / Math.max(history.heardMinutes, 1);
}

function begin(ledger: SourceLedger, now: number): History {
  return {
    received: ledger.received,
    dropped: ledger.dropped,
    at: now,
    checks: 0,
    observed: 0,
    recent: [],
    heard: 0,
    heardMinutes: 0,
    longestGap: 0,
    lastSeen: ledger.lastSeen,
    silent: false,
    surging: false,
    low: 0,
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

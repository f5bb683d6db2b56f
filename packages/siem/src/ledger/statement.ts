import type { AuditEntry, Clock, SourceLedger } from '@kydai/contracts';

const maximumSources = 200;

/** The account of a source as it was stated last. */
export interface Stated {
  readonly at: number;
  readonly ledger: SourceLedger;
}

/** Makes the statements by which the accounts enter the audit log, where nobody can change them later. */
export interface LedgerStatements {
  /**
   * One entry for each source whose account moved since it was stated last (at most 200: those that moved most, and those
   * that were not stated for the longest time), and one for all sources together. Commit them with the records, about
   * once an hour, and keep what was stated, so that after a kill the next statement covers what this one did not.
   */
  next(): { readonly entries: readonly AuditEntry[]; readonly stated: readonly Stated[] };
}

/**
 * See `LedgerStatements`. The first statement covers everything since the accounts were opened, or since `before`, the
 * accounts as they were stated last before a restart.
 */
export function createLedgerStatements(options: {
  readonly ledgers: () => readonly SourceLedger[];
  readonly clock: Clock;
  readonly before?: readonly Stated[];
}): LedgerStatements {
  const before = new Map((options.before ?? []).map((stated) => [stated.ledger.source, stated]));
  let from = options.clock.now();
  for (const { at } of before.values()) from = Math.min(from, at);

  return {
    next() {
      const at = options.clock.now();
      const ledgers = options.ledgers();
      const moved = ledgers
        .map((ledger) => {
          const last = before.get(ledger.source);
          return { ledger, last, since: ledger.received - (last?.ledger.received ?? 0) };
        })
        .filter(({ ledger, last, since }) => since > 0 || changed(ledger, last?.ledger))
        .sort((a, b) => b.since - a.since);
      const busiest = moved.slice(0, maximumSources / 2);
      const longest = moved
        .slice(maximumSources / 2)
        .sort((a, b) => (a.last?.at ?? 0) - (b.last?.at ?? 0))
        .slice(0, maximumSources / 2);
      const chosen = [...busiest, ...longest];
      const entries = chosen.map(({ ledger, last, since }) => ({
        at,
        actor: 'system',
        action: 'ledger.state',
        target: `source:${ledger.source}`,
        detail: {
          from: last?.at ?? Math.min(from, ledger.firstSeen),
          since,
          ...counts([ledger]),
          reasons: JSON.stringify(ledger.reasons),
          lastSeen: ledger.lastSeen,
        },
      }));
      const summary = {
        at,
        actor: 'system',
        action: 'ledger.state',
        target: 'source:all',
        detail: { from, sources: ledgers.length, moved: moved.length, ...counts(ledgers) },
      };
      const stated = chosen.map(({ ledger }) => ({ at, ledger }));
      for (const one of stated) before.set(one.ledger.source, one);
      from = at;
      return { entries: [...entries, summary], stated };
    },
  };
}

function changed(now: SourceLedger, before: SourceLedger | undefined): boolean {
  return (
    now.kept !== before?.kept ||
    now.dropped !== before.dropped ||
    JSON.stringify(now.reasons) !== JSON.stringify(before.reasons)
  );
}

function counts(ledgers: readonly SourceLedger[]) {
  const sum = (pick: (ledger: SourceLedger) => number) =>
    ledgers.reduce((total, ledger) => total + pick(ledger), 0);
  return {
    received: sum((ledger) => ledger.received),
    parsed: sum((ledger) => ledger.parsed),
    kept: sum((ledger) => ledger.kept),
    refused: sum((ledger) => ledger.refused),
    dropped: sum((ledger) => ledger.dropped),
    pending: sum((ledger) => ledger.pending),
  };
}

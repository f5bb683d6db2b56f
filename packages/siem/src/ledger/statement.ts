import type { AuditEntry, Clock, SourceLedger } from '@kydai/contracts';

const maximumSources = 200;

/** Makes the statements by which the accounts enter the audit log, where nobody can change them later. */
export interface LedgerStatements {
  /**
   * One entry for each source whose account moved since the last statement (the 200 that moved most), and one for all
   * sources together. Commit them with the records, about once an hour.
   */
  next(): readonly AuditEntry[];
}

/**
 * See `LedgerStatements`. The first statement covers everything since the accounts were opened, or since `before`, the
 * accounts as they were carried over a restart.
 */
export function createLedgerStatements(options: {
  readonly ledgers: () => readonly SourceLedger[];
  readonly clock: Clock;
  readonly before?: readonly SourceLedger[];
}): LedgerStatements {
  let before = new Map((options.before ?? []).map((ledger) => [ledger.source, ledger]));
  let from = options.clock.now();

  return {
    next() {
      const at = options.clock.now();
      const ledgers = options.ledgers();
      const moved = ledgers
        .map((ledger) => ({ ledger, since: ledger.received - (before.get(ledger.source)?.received ?? 0) }))
        .filter(({ ledger, since }) => since > 0 || changed(ledger, before.get(ledger.source)))
        .sort((a, b) => b.since - a.since);
      const entries = moved.slice(0, maximumSources).map(({ ledger, since }) => ({
        at,
        actor: 'system',
        action: 'ledger.state',
        target: `source:${ledger.source}`,
        detail: {
          from,
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
      before = new Map(ledgers.map((ledger) => [ledger.source, ledger]));
      from = at;
      return [...entries, summary];
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
